"""Uploaded files as text: packed or not, in UTF-8 or UTF-16, as far as they can be read."""

from __future__ import annotations

import io

from ..messages import Attachment
from ..skills.logs.blocks import Intake, read_blocks, unpacked
from ..skills.logs.numbers import count_text
from ..skills.logs.unpacking import Readable

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
_MAX_TEXT_BYTES = 64 * 1024 * 1024


def decode_upload(name: str, content: bytes) -> Attachment:
    """Read an uploaded file as text; its bytes tell what it is, whatever name or type it has.

    Raises:
        ValueError: It is too large or is not text; the message says what to do.
    """
    if len(content) > MAX_UPLOAD_BYTES:
        limit = MAX_UPLOAD_BYTES // 2**20
        raise ValueError(f"`{name}` is larger than {limit} MiB; upload the part that matters.")
    intake = Intake()
    stream, _ = unpacked(io.BytesIO(content), name, intake)
    if stream is None:
        raise ValueError(f"`{name}` is not text; upload a log as plain text.")
    limited = _Limited(stream)
    text = b"\n".join(read_blocks(limited, name, intake)).decode("utf-8", "replace")
    if limited.is_cut:
        intake.problems.append(f"{name}: only the first {_MAX_TEXT_BYTES >> 20} MiB were read")
    if intake.n_undecodable:
        lines = count_text(intake.n_undecodable, "line")
        intake.problems.append(f"{name}: {lines} not in UTF-8")
    if intake.n_cut:
        lines = count_text(intake.n_cut, "line")
        intake.problems.append(f"{name}: {lines} longer than 64 KiB, only the beginning read")
    return Attachment(name=name, text=text, problems=tuple(intake.problems))


class _Limited:
    """Bytes up to a limit, which a small packed file can go far beyond."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._n_left = _MAX_TEXT_BYTES
        self.is_cut = False

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(min(size, self._n_left) or 1)
        self.is_cut = bool(piece) and not self._n_left
        self._n_left -= 0 if self.is_cut else len(piece)
        return b"" if self.is_cut else piece
