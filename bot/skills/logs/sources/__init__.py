"""Where log lines come from, and what every source understands: a time window, a level, a text."""

from .configured import configured_streams
from .file import FileStream
from .query import LogQuery
from .rotation import streams_of
from .standard_input import InputStream
from .stream import Chunk, Stream
from .text import TextStream

__all__ = [
    "Chunk",
    "FileStream",
    "InputStream",
    "LogQuery",
    "Stream",
    "TextStream",
    "configured_streams",
    "streams_of",
]
