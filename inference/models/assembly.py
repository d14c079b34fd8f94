"""One file put together from pieces, so that a kill at any moment loses at most one piece.

`NAME.partial` holds the finished pieces end to end, `NAME.partial.json` how many there are and how
long they are together. A piece counts once both are on disk; what lies behind that length is cut
off at the next start.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from .progress import Meter
from .verify import write_atomically

_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What of a partial file is finished.

    Attributes:
        origin: Which source and pieces; pieces of another origin are not mixed in.
    """

    origin: str
    n_pieces: int = 0
    n_bytes: int = 0


_JOURNAL = TypeAdapter(Journal)


class Assembly:
    """A partial file that grows piece by piece, hashed as it is written.

    Args:
        path: The partial file; its folder exists.
        origin: Identity of the source and its pieces.
        meter: Told what was kept and what is added.
    """

    def __init__(self, path: Path, origin: str, meter: Meter) -> None:
        self.path = path
        self._journal_path = path.with_name(path.name + ".json")
        self._meter = meter
        self._digest = hashlib.sha256()
        self._journal = self._resume(origin)

    @property
    def n_pieces(self) -> int:
        """Finished pieces."""
        return self._journal.n_pieces

    @property
    def sha256(self) -> str:
        """Hash (hex) of the finished pieces."""
        return self._digest.hexdigest()

    def append(self, piece: BinaryIO, what: str) -> None:
        """Add the next piece, durably.

        Raises:
            OSError: It could not be written. As after any error of `piece`, the finished pieces
                stay as they were and the piece can be appended again.
        """
        digest, n_added_bytes = self._digest.copy(), 0
        with self.path.open("r+b") as partial:
            partial.seek(self._journal.n_bytes)
            partial.truncate()
            while chunk := piece.read(_CHUNK_BYTES):
                partial.write(chunk)
                digest.update(chunk)
                n_added_bytes += len(chunk)
                self._meter.show(n_added_bytes, what)
            partial.flush()
            os.fsync(partial.fileno())
        self._commit(n_added_bytes)
        self._digest = digest
        self._meter.add(n_added_bytes, what)

    def discard(self) -> None:
        """Delete everything."""
        self.path.unlink(missing_ok=True)
        self._journal_path.unlink(missing_ok=True)

    def _resume(self, origin: str) -> Journal:
        journal = self._read_journal()
        if journal is None or journal.origin != origin or not self._holds(journal.n_bytes):
            self.discard()
            self.path.touch()
            return Journal(origin=origin)
        os.truncate(self.path, journal.n_bytes)
        with self.path.open("rb") as partial:
            while chunk := partial.read(_CHUNK_BYTES):
                self._digest.update(chunk)
        self._meter.keep(journal.n_bytes)
        return journal

    def _holds(self, n_bytes: int) -> bool:
        return self.path.is_file() and self.path.stat().st_size >= n_bytes

    def _read_journal(self) -> Journal | None:
        try:
            return _JOURNAL.validate_json(self._journal_path.read_bytes())
        except (OSError, ValidationError):
            return None

    def _commit(self, n_added_bytes: int) -> None:
        journal = replace(
            self._journal,
            n_pieces=self._journal.n_pieces + 1,
            n_bytes=self._journal.n_bytes + n_added_bytes,
        )
        write_atomically(self._journal_path, _JOURNAL.dump_json(journal))
        self._journal = journal
