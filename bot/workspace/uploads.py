"""New file records."""

from __future__ import annotations

import mimetypes
import secrets

from .records import StoredFile

UPLOAD_LIMIT_BYTES = 32 * 1024 * 1024
_TEXT_ENDINGS = (".log", ".md", ".yaml", ".yml", ".toml", ".conf", ".sh", ".promql", ".sql")
_NAME_LIMIT = 120


def new_file(name: str, size_bytes: int, user_id: str, now: float) -> StoredFile:
    """A record for a file that is about to arrive.

    Args:
        name: As the sender calls it; folders and control characters are dropped.
        size_bytes: Announced size.
        user_id: Who sends it.
        now: Seconds since the epoch.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    safe = "".join(letter for letter in base if letter.isprintable())[-_NAME_LIMIT:] or "file"
    return StoredFile(
        file_id=f"F{secrets.token_hex(5).upper()}",
        name=safe,
        title=safe,
        mimetype=_mimetype(safe),
        user_id=user_id,
        created=int(now),
        size_bytes=size_bytes,
    )


def _mimetype(name: str) -> str:
    if name.lower().endswith(_TEXT_ENDINGS):
        return "text/plain"
    guessed, _ = mimetypes.guess_type(name)
    return guessed or "application/octet-stream"
