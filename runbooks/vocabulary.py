"""What people on call say instead of the words that runbooks use, read from `vocabulary.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import cast

import yaml


@cache
def vocabulary() -> Mapping[str, tuple[str, ...]]:
    """Word -> other ways to say it."""
    text = (files("runbooks") / "vocabulary.yaml").read_text(encoding="utf-8")
    words = cast("dict[str, list[object]]", yaml.safe_load(text))
    return {word: tuple(str(said) for said in ways) for word, ways in words.items()}
