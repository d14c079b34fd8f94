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
_DIGIT = re.compile(r"\d")
_PEOPLE = re.compile(
    r"(?<!\S)[#@][a-z]|\bteams?\b|on-?call|\bmanager|\bowner|\bescalat|commander",
    re.IGNORECASE,
)


def holds_what_is_asked(question: str, text: str) -> bool:
    """Whether a text has a number or people where one is asked for, or tells what a thing is."""
    if _NUMBER.search(question) and _DIGIT.search(text):
        return True
    if thing := _THING.search(question):
        return _tells_of(thing[1] or thing[2], text)
    return bool(_SOMEBODY.search(question) and _PEOPLE.search(text))


def _tells_of(thing: str, text: str) -> bool:
    """Whether a text begins like a definition: "X is", "X:", or the row of X."""
    begin = rf"(?:an? |the )?`?{re.escape(thing)}`?\s*(?:\||:|-\s|\bis\b|\bare\b|\bmeans\b)"
    return re.match(begin, text, re.IGNORECASE) is not None
