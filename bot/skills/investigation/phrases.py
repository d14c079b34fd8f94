"""The fixed sentences of an investigation, in the language of the order.

Commands and quotations stay as they are; only what stands around them is translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict, ValidationError

from .clues import Tool
from .declarations import records_of
from .errors import DeclarationError
from .ranking import Against, Confidence


class Phrases(BaseModel):
    """The sentences of one language; names in braces are filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    heading: str
    looked: Mapping[Tool, str]
    nothing_here: str
    could_not_look: str
    likely: str
    nothing: str
    nothing_but: str
    unexplained: str
    followed: str
    could_also: str
    ruled_out: str
    confidence: Mapping[Confidence, str]
    against: Mapping[Against, str]
    causes: Mapping[str, str]
    something: str
    less_sure: str
    spent: str
    stopped: str
    used: str
    n_lines: str
    n_passages: str
    no_runbook: str
    unknown: str
    no_stop: str
    stop: str
    busy: str
    investigate: str


@cache
def phrases() -> Mapping[str, Phrases]:
    """All languages, by their two letters.

    Raises:
        DeclarationError: A sentence is missing.
    """
    try:
        found = [Phrases.model_validate(dict(record)) for record in records_of("phrases.yaml")]
    except ValidationError as exc:
        raise DeclarationError(f"phrases.yaml: {exc}") from exc
    return {each.language: each for each in found}


def phrases_of(language: str) -> Phrases:
    """The sentences of a language; English where there are none."""
    return phrases().get(language, phrases()["en"])
