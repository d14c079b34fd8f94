"""The audit trail's two small files: its key and its newest head."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from .errors import AuditError
from .store import ChainHead

_N_KEY_BYTES = 32


class AuditFiles:
    """`audit.key` (0600, made on first use) and `audit.head` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._key_path = folder / "audit.key"
        self._head_path = folder / "audit.head"
        self._key: bytes | None = None

    def key(self) -> bytes:
        """The secret key, 32 bytes.

        Raises:
            AuditError: It cannot be made or read, or others may read it.
        """
        if self._key is None:
            try:
                self._make_key()
                self._key = self._read_key()
            except OSError as exc:
                raise AuditError(f"{self._key_path} cannot be used: {exc.strerror}") from exc
        return self._key

    def _make_key(self) -> None:
        """Write a new key under another name, then link it: half a key is never seen."""
        if self._key_path.exists():
            return
        self._key_path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".audit.key.", dir=self._key_path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(_N_KEY_BYTES) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(name, self._key_path)
        except FileExistsError:
            return  # another process was first
        finally:
            Path(name).unlink()

    def _read_key(self) -> bytes:
        with self._key_path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise AuditError(f"{self._key_path} is open to others: chmod 600 it")
            text = file.read().strip()
        try:
            key = bytes.fromhex(text)
        except ValueError as exc:
            raise AuditError(f"{self._key_path} holds no key: restore it") from exc
        if len(key) != _N_KEY_BYTES:
            raise AuditError(f"{self._key_path} holds no key: restore it")
        return key

    def head(self) -> ChainHead | None:
        """The newest head that was saved; None before the first row.

        Raises:
            AuditError: The file is there but cannot be read.
        """
        try:
            text = self._head_path.read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise AuditError(f"{self._head_path} cannot be read: {exc.strerror}") from exc
        return self._parse_head(text)

    def _parse_head(self, text: str) -> ChainHead:
        try:
            record = cast("object", json.loads(text))
        except ValueError:
            record = None
        fields = cast("dict[str, object]", record) if isinstance(record, dict) else {}
        sequence, mac = fields.get("sequence"), fields.get("mac")
        if not isinstance(sequence, int) or not isinstance(mac, str):
            raise AuditError(f"{self._head_path} holds no head")
        return ChainHead(sequence=sequence, mac=mac)

    def save_head(self, head: ChainHead) -> None:
        """Write the head, unless a newer one is there already.

        Raises:
            AuditError: It cannot be written.
        """
        with self._head_lock():
            saved = self.head()
            if saved is None or saved.sequence < head.sequence:
                self._write_head(head)

    @contextmanager
    def _head_lock(self) -> Generator[None]:
        """One writer at a time, also among processes: an older head must not replace a newer."""
        try:
            with (self._head_path.parent / "audit.lock").open("a", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as exc:
            raise AuditError(f"{self._head_path} cannot be locked: {exc.strerror}") from exc

    def _write_head(self, head: ChainHead) -> None:
        text = json.dumps({"sequence": head.sequence, "mac": head.mac})
        try:
            handle, name = tempfile.mkstemp(prefix=".audit.head.", dir=self._head_path.parent)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
            Path(name).replace(self._head_path)
        except OSError as exc:
            raise AuditError(f"{self._head_path} cannot be written: {exc.strerror}") from exc
