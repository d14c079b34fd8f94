"""What sort of thing a question asks for, as far as its first words tell. Pure."""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"\bhow (?:long|many|much|often|soon|old|big|large|fast)\b|\bwhen\b|\bat what\b|\bpriority\b"
    r"|\bwhat (?:ratio|percent|threshold|time|limit)\b|\bwie (?:viele|lange|oft)\b|\bwann\b"
    r"|\bcombien\b|\bquand\b|\bcuánt|\bcuándo\b|多久|几|多少|何",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"\bwho\b|\bwhom\b|\bwer\b|\bwen\b|\bqui\b|\bquién|谁|誰", re.IGNORECASE)
_THING = re.compile(
    r"^\W*what(?:'s|s| is| are| does) (?:an? |the )?([\w-]+)(?: mean| stand for)?\W*$"
    r"|^\W*was (?:ist|sind|bedeutet) (?:eine? |der |die |das )?([\w-]+)\W*$",
    re.IGNORECASE,
)
_LIKELY = 0.3
_DIGIT = re.compile(r"\d")
_PEOPLE = re.compile(
    r"(?<!\S)[#@][a-z]|\bteams?\b|on-?call|\bmanager|\bowner|\bescalat|commander",
    re.IGNORECASE,
)


_CALLS = re.compile(r"\b(?:page|call|contact|wake|escalate|reach|notify|ping)\b", re.IGNORECASE)
_CALLED = "escalate on-call oncall"
"""What documents say where people ask whom to call."""


def also_said(question: str) -> str:
    """Words that the answer holds and the question does not; mostly none."""
    return _CALLED if _SOMEBODY.search(question) and _CALLS.search(question) else ""


def share_asked_for(question: str, text: str) -> float:
    """How surely a text has what is asked for: a number, people, or what a thing is; in [0, 1]."""
    if _NUMBER.search(question) and _DIGIT.search(text):
        return _LIKELY
    if thing := _THING.search(question):
        return float(_tells_of(thing[1] or thing[2], text))
    return _LIKELY * bool(_SOMEBODY.search(question) and _PEOPLE.search(text))


def _tells_of(thing: str, text: str) -> bool:
    """Whether a text begins like a definition: "X is", "X:", or the row of X."""
    begin = rf"(?:an? |the )?`?{re.escape(thing)}`?\s*(?:\||:|-\s|\bis\b|\bare\b|\bmeans\b)"
    return re.match(begin, text, re.IGNORECASE) is not None
