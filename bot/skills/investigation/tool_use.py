"""How models did with tools, kept by the hash of the model's file, so that each is asked once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

_PASSES_FROM = 0.8
_MAX_FILE_BYTES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """How a model did."""

    n_right: int
    n: int

    @property
    def passes(self) -> bool:
        """Whether it may lead investigations."""
        return self.n > 0 and self.n_right / self.n >= _PASSES_FROM


class ToolUseBook:
    """What was measured of which model, in one small file; its methods block.

    Args:
        path: The file; made when something is measured.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, model_key: str) -> ToolUse | None:
        """What was measured of a model; None when nothing was, or the file cannot be read."""
        found = self._read().get(model_key)
        if not isinstance(found, list):
            return None
        counts = cast("list[object]", found)
        if len(counts) != 2 or not all(isinstance(each, int) for each in counts):
            return None
        n_right, n = cast("list[int]", counts)
        return ToolUse(n_right=n_right, n=n)

    def keep(self, model_key: str, use: ToolUse) -> None:
        """Remember a measurement.

        Raises:
            OSError: The file cannot be written.
        """
        entries = {**self._read(), model_key: [use.n_right, use.n]}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(entries, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(self._path)

    def _read(self) -> dict[str, object]:
        try:
            found: object = json.loads(self._path.read_text("utf-8")[:_MAX_FILE_BYTES])
        except (OSError, ValueError):
            return {}
        return cast("dict[str, object]", found) if isinstance(found, dict) else {}
