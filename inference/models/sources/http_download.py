"""One file over HTTP into a partial file, going on where an earlier transfer stopped."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import BinaryIO

import httpx

from ..progress import Meter

_CHUNK_BYTES = 1 << 16
_READ_BYTES = 4 << 20
_PARTIAL_CONTENT = 206
_TIMEOUT_S = httpx.Timeout(30.0, connect=10.0)
_MAX_FRUITLESS = 4
_MAX_PAUSE_S = 8.0


class HttpDownload:
    """Appends to a partial file and hashes it on the way.

    Args:
        path: The partial file; what it holds already is taken to be the file's beginning.
        meter: Told what was kept and what is added.
        what: Shown beside the progress.
    """

    def __init__(self, path: Path, meter: Meter, what: str) -> None:
        self.path = path
        self._meter = meter
        self._what = what
        self._digest = hashlib.sha256()
        self.n_bytes = self._rehash()

    @property
    def sha256(self) -> str:
        """Hash (hex) of what is there."""
        return self._digest.hexdigest()

    def run(self, url: str, headers: dict[str, str], n_total_bytes: int) -> None:
        """Transfer what is missing; a broken connection is tried again while it brings bytes.

        Raises:
            httpx.HTTPError: The server refuses, or breaks off again and again without a byte.
            OSError: The partial file cannot be written.
        """
        n_fruitless = 0
        while self.n_bytes < n_total_bytes:
            n_before = self.n_bytes
            try:
                self._transfer(url, headers)
            except httpx.TransportError:
                n_fruitless = 0 if self.n_bytes > n_before else n_fruitless + 1
                if n_fruitless == _MAX_FRUITLESS:
                    raise
                time.sleep(min(n_fruitless * n_fruitless, _MAX_PAUSE_S))
            else:
                break

    def _transfer(self, url: str, headers: dict[str, str]) -> None:
        asked = {**headers, "Accept-Encoding": "identity"}
        if self.n_bytes:
            asked["Range"] = f"bytes={self.n_bytes}-"
        with httpx.stream(
            "GET", url, headers=asked, follow_redirects=True, timeout=_TIMEOUT_S
        ) as response:
            response.raise_for_status()
            if response.status_code != _PARTIAL_CONTENT:
                self._begin_anew()
            with self.path.open("ab") as file:
                self._write(response, file)

    def _write(self, response: httpx.Response, file: BinaryIO) -> None:
        for chunk in response.iter_bytes(_CHUNK_BYTES):
            file.write(chunk)
            self._digest.update(chunk)
            self.n_bytes += len(chunk)
            self._meter.add(len(chunk), self._what)
        file.flush()
        os.fsync(file.fileno())

    def _begin_anew(self) -> None:
        self.path.write_bytes(b"")
        self._digest = hashlib.sha256()
        self.n_bytes = 0

    def _rehash(self) -> int:
        if not self.path.is_file():
            return 0
        n_bytes = 0
        with self.path.open("rb") as file:
            while chunk := file.read(_READ_BYTES):
                self._digest.update(chunk)
                n_bytes += len(chunk)
        self._meter.keep(n_bytes)
        return n_bytes
