"""What the sources on the command line of `opsbot logs` mean."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from .output import WRONG_USE, fail

if TYPE_CHECKING:
    from ..skills.logs.sources import Stream

_WILD = frozenset("*?[")


def stream_at(path: str) -> Stream:
    """The one stream of a path: a file without its rotated siblings, a glob's set, or a pipe."""
    first, *more = _streams(path)
    if more:
        names = ", ".join(stream.name for stream in (first, *more))
        fail(f"{path} means several logs ({names}): name one", WRONG_USE)
    return first


def streams_at(paths: list[str]) -> dict[str, tuple[Stream, ...]]:
    """The streams of some paths, by the name of each log."""
    streams = [stream for path in paths for stream in _streams(path)]
    counts = Counter(stream.name for stream in streams)
    told = [_in_its_folder(each) if counts[each.name] > 1 else each for each in streams]
    by_name = {stream.name: (stream,) for stream in told}
    if len(by_name) < len(streams):
        fail("one of these logs is named twice: name it once", WRONG_USE)
    return by_name


def _in_its_folder(stream: Stream) -> Stream:
    """A file with as much of its path as it was given, to tell files of one name apart."""
    from ..skills.logs.sources import FileStream

    if not isinstance(stream, FileStream):
        return stream
    folder = str(stream.paths[-1].parent)
    return replace(stream, name=f"{folder}/{stream.name}", folder=f"{folder}/")


def _streams(path: str) -> tuple[Stream, ...]:
    from ..skills.logs.sources import FileStream, InputStream, PipeStream, is_file

    if path == "-":
        if sys.stdin is None:
            fail("- means standard input, and there is none: it is closed")
        return (InputStream(),)
    file = Path(path)
    if file.is_file():
        _refuse_unreadable(file)
        return (FileStream(name=file.name, paths=(file,)),)
    if file.is_fifo():
        return (PipeStream(name=file.name, path=file),)
    if is_file(path) and _WILD.isdisjoint(path):
        return _service_streams(path) or _refuse_unreadable(file) or fail(f"{path} is no file")
    return _source_streams(path) or fail(f"no file matches {path}")


def _source_streams(source: str) -> tuple[Stream, ...]:
    from ..skills.logs.sources import Places, WrongSourceError, is_file, places_of, source_streams
    from .context import read_settings

    places = Places() if is_file(source) else places_of(read_settings().logs)
    try:
        return source_streams(source, UTC, places)
    except WrongSourceError as exc:
        fail(str(exc), WRONG_USE)


def _service_streams(name: str) -> tuple[Stream, ...]:
    """The streams of a service that the settings name."""
    from ..skills.logs.sources import configured_streams, places_of
    from .context import read_settings

    logs = read_settings().logs
    if name not in logs.sources:
        return ()
    streams = configured_streams(logs.sources, (name,), UTC, places_of(logs))[name]
    return streams or fail(f"no file matches {' or '.join(logs.sources[name])}")


def _refuse_unreadable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as exc:
        fail(f"{path} cannot be read: {exc.strerror}")
