"""A Slack-compatible server on loopback, with a web page: try and test the bot without Slack."""

from .server import Workspace, running_workspace
from .timing import Timing

__all__ = ["Timing", "Workspace", "running_workspace"]
