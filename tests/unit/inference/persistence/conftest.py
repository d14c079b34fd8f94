"""A store on a temporary folder, with a clock that only moves when told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.persistence import StateFiles, StateKind
from inference.request import TokenId

IDENTITY = "model-a"
FLUSH_S = 10.0


class Clock:
    """Unix time under a test's control."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Store:
    """Opens stores on one folder and closes them all at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self._opened: list[StateFiles] = []

    def open(
        self, identity: str = IDENTITY, *, max_bytes: int = 1 << 20, is_divisible: bool = True
    ) -> StateFiles:
        files = StateFiles.open(
            self.path,
            identity,
            max_bytes=max_bytes,
            is_divisible=is_divisible,
            clock=self.clock,
        )
        self._opened.append(files)
        return files

    def close(self) -> None:
        for files in self._opened:
            files.close(FLUSH_S)

    def paths(self) -> list[Path]:
        return sorted(self.path.glob("*.kvstate"))

    def only_path(self) -> Path:
        (path,) = self.paths()
        return path


def run(first: int, n: int) -> tuple[TokenId, ...]:
    """Tokens first, first + 1, ...; two runs share a prefix only if they begin alike."""
    return tuple(TokenId(token) for token in range(first, first + n))


def put(
    files: StateFiles,
    tokens: tuple[TokenId, ...],
    payload: bytes = b"payload",
    kind: StateKind = StateKind.THREAD,
) -> None:
    """Save and wait until it is on disk."""
    files.save(tokens, payload, kind)
    if not files.flush(FLUSH_S):
        raise TimeoutError("the writer is stuck")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "states")
    yield opened
    opened.close()
