"""What the paths on the command line of `opsbot logs` mean."""

from __future__ import annotations

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
    by_name = {stream.name: (stream,) for stream in streams}
    if len(by_name) < len(streams):
        fail("two of these files have the same name: give them one by one", WRONG_USE)
    return by_name


def _streams(path: str) -> tuple[Stream, ...]:
    from ..skills.logs.sources import FileStream, InputStream, streams_of

    if path == "-":
        return (InputStream(),)
    file = Path(path)
    if _WILD.isdisjoint(path) or file.exists():
        _refuse_unreadable(file)
        return (FileStream(name=file.name, paths=(file,)),)
    return streams_of([path]) or fail(f"no file matches {path}")


def _refuse_unreadable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as exc:
        fail(f"{path} cannot be read: {exc.strerror}")
