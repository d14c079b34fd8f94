"""Where log lines come from, and what every source understands: a time window, a level, a text."""

from .configured import configured_streams, fault_of, source_streams
from .errors import LogSourceError, SourceFailedError, WrongSourceError
from .file import FileStream
from .limits import Limits, stopped_after
from .matching import matching, selected
from .places import Places, places_of
from .query import LogQuery
from .rotation import streams_of
from .spec import is_file
from .standard_input import InputStream, PipeStream
from .stoppable import open_stoppable
from .stream import Chunk, Stream, chunks_of
from .text import TextStream

__all__ = [
    "Chunk",
    "FileStream",
    "InputStream",
    "Limits",
    "LogQuery",
    "LogSourceError",
    "PipeStream",
    "Places",
    "SourceFailedError",
    "Stream",
    "TextStream",
    "WrongSourceError",
    "chunks_of",
    "configured_streams",
    "fault_of",
    "is_file",
    "matching",
    "open_stoppable",
    "places_of",
    "selected",
    "source_streams",
    "stopped_after",
    "streams_of",
]
