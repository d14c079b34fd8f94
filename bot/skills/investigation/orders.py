"""What is recognised as an investigation before the router is asked. Pure.

Few wordings in each language: "investigate checkout", "untersuche checkout", "调查 checkout". A
question ("why is checkout slow?") is not among them: the logs answer it, and offer to look further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

INVESTIGATE_ACTION = "log_order_investigate"
"""Begins as the action of the log skill's orders does, so that the same listener hears it."""

_MAX_CHARS = 400
_POLITE = r"(?:(?:please|pls|can you|could you|bitte|por favor|请|請|帮我|麻烦|@?opsbot)[ ,:]*)*"
_WORDINGS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("en", re.compile(rf"^{_POLITE}(?:investigate|start (?:an )?investigation(?: of| into)?|look into)\b[ :]*(.*)$", re.IGNORECASE | re.DOTALL)),
    ("de", re.compile(rf"^{_POLITE}(?:untersuche?|untersuchung(?: von)?)\b[ :]*(.*)$", re.IGNORECASE | re.DOTALL)),
    ("es", re.compile(rf"^{_POLITE}(?:investiga|investigue|investigar)\b[ :]*(.*)$", re.IGNORECASE | re.DOTALL)),
    ("zh", re.compile(rf"^{_POLITE}(?:调查一下|调查|調查|排查一下|排查)[ :\uff1a]*(.*)$", re.DOTALL)),
    ("ja", re.compile(rf"^{_POLITE}(.*?)(?:を|の)?(?:調査して(?:ください)?|調査|調べて(?:ください)?)[。.! ]*$", re.DOTALL)),
)  # fmt: skip
_STOP = re.compile(
    r"^(?:please )?(?:stop|cancel|abort|end)(?: the)? investigat(?:ing|ion)[.! ]*$|"
    r"^(?:untersuchung (?:stoppen|abbrechen|beenden)|detener? (?:la )?investigación|停止调查|取消调查|調査を(?:中止|止めて))[.!。 ]*$",
    re.IGNORECASE,
)  # fmt: skip
_NO_ORDER = re.compile(r"\b(?:how|runbook|process|policy|who should|when should)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Investigate:
    """Look into something.

    Attributes:
        about: What stands behind the order: services, times.
        language: Of the order.
    """

    about: str
    language: str


@dataclass(frozen=True, slots=True)
class StopInvestigating:
    """End the investigation of this thread."""


InvestigationOrder: TypeAlias = Investigate | StopInvestigating


def read_order(text: str) -> InvestigationOrder | None:
    """The order that a text is, or None when it is something else."""
    text = " ".join(text.split())
    if not text or len(text) > _MAX_CHARS:
        return None
    if _STOP.match(text):
        return StopInvestigating()
    for language, pattern in _WORDINGS:
        match = pattern.match(text)
        if match is not None and not _NO_ORDER.search(text):
            return Investigate(about=match.group(1).strip(), language=_of(language, text))
    return None


def _of(language: str, text: str) -> str:
    """Chinese characters are also Japanese; kana tell."""
    is_japanese = language == "zh" and re.search(r"[\u3040-\u30ff]", text) is not None
    return "ja" if is_japanese else language


_ORDERED = {
    "en": "investigate {}",
    "de": "untersuche {}",
    "es": "investiga {}",
    "zh": "调查 {}",
    "ja": "{}を調査して",
}


def order_text(service: str, language: str = "en") -> str:
    """The text that `read_order` reads as an order, in a language, to look into a service."""
    return _ORDERED.get(language, _ORDERED["en"]).format(service).strip()


STOP_TEXT = "stop investigating"
