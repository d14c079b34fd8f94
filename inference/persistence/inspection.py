"""A file in the folder becomes an entry of the catalogue, or a verified state."""

from __future__ import annotations

from .catalogue import Content, Entry
from .container import Summary, read_container, read_summary, state_key
from .errors import BadStateFileError
from .folder import StateFolder


def inspect(folder: StateFolder, key: str, identity: str) -> Entry:
    """Read what a file begins with, not its payload.

    Returns:
        An entry without content if the state is of another model.

    Raises:
        BadStateFileError: It is no state file, is truncated, or not named after its tokens.
        OSError: It is gone or cannot be read.
    """
    with folder.opened(key) as (file, found):
        summary = read_summary(file, found.st_size)
    content = None
    if summary.header.identity == identity:
        _check_name(summary, key, identity)
        content = Content(kind=summary.header.kind, tokens=summary.tokens)
    return Entry(key=key, n_bytes=found.st_size, used_at=found.st_mtime, content=content)


def read_verified(folder: StateFolder, key: str, identity: str) -> tuple[Summary, bytes]:
    """Read a whole file and check everything that can be checked; returns the payload last.

    Raises:
        BadStateFileError: It is damaged, of another model, or of other tokens.
        OSError: It is gone or cannot be read.
    """
    with folder.opened(key) as (file, found):
        summary, payload = read_container(file, found.st_size)
    if summary.header.identity != identity:
        raise BadStateFileError("the state is of another model")
    _check_name(summary, key, identity)
    return summary, payload


def unreadable(folder: StateFolder, key: str) -> Entry | None:
    """An entry for a file that only takes up room; None when it is gone."""
    try:
        n_bytes, used_at = folder.size_and_time(key)
    except OSError:
        return None
    return Entry(key=key, n_bytes=n_bytes, used_at=used_at)


def _check_name(summary: Summary, key: str, identity: str) -> None:
    if state_key(identity, summary.tokens) != key:
        raise BadStateFileError("the file is not named after its tokens")
