"""Any inference service over HTTP, in OpenAI's words and a few of our own."""

from .app import build_app
from .errors import ListenError
from .listening import is_loopback, listening

__all__ = ["ListenError", "build_app", "is_loopback", "listening"]
