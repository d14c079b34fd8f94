"""Reads the tables and fills a phrase in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import yaml

LANGUAGES = ("en", "de", "es", "zh", "ja")
_FOLDER = Path(__file__).parent


def speaks(language: str) -> str:
    """The language itself where there is a table of it, else English."""
    return language if language in LANGUAGES else "en"


def say(key: str, language: str, /, **values: object) -> str:
    """One phrase with its values filled in.

    Args:
        key: Its name in the tables.
        language: Two-letter code; one without a table is answered in English.

    Raises:
        KeyError: There is no such phrase, or a value is missing.
    """
    return table(speaks(language))[key].format(**values)


@cache
def table(language: str) -> Mapping[str, str]:
    """The phrases of a language."""
    text = (_FOLDER / f"{language}.yaml").read_text(encoding="utf-8")
    return cast("dict[str, str]", yaml.safe_load(text))
