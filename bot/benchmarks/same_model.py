"""Whether two servers' names can mean the same model file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath


def is_same_model(names: Iterable[str]) -> bool:
    """Whether all names are alike but for folders, case and `.gguf` at the end."""
    return len({_core(name) for name in names}) <= 1


def _core(name: str) -> str:
    return PurePath(name).name.lower().removesuffix(".gguf")
