"""What makes a request another one than the phrasing with nearly the same words."""

from __future__ import annotations

import re

_NEGATION = re.compile(
    r"\b(?:not|no|non|never|none|without|except|cannot|lacks?|missing|unless|only|outside|"
    r"nicht|kein\w*|ohne|nie|außer|nur)\b|n't\b|[不没无未非除仅只]",
    re.IGNORECASE,
)
# Beginnings of words that exclude one another: who says one of them does not mean the other.
_OPPOSITES = tuple(
    (re.compile(rf"\b(?:{one})", re.IGNORECASE), re.compile(rf"\b(?:{other})", re.IGNORECASE))
    for one, other in (
        ("read", "writ"),
        ("receiv|incoming|ingress", "transmit|outgoing|egress"),
        ("file", "director|folder"),
        ("start", "stop"),
        ("open", "clos"),
        ("enabl", "disabl"),
        ("allow", "den(?:y|ies)|block"),
        ("larg|bigg", "small"),
        ("most|high|top", "few|least|low|bottom"),
        ("old", "new"),
        ("success", "fail"),
        ("public", "private"),
        ("up", "down"),
        ("first", "last"),
    )
)
_TURNED = re.compile(r"([\w.-]+)\s+(?:to|into|before|after|nach|vor)\s+(?:the\s+)?([\w.-]+)")


def contradicts(request: str, phrasing: str) -> bool:
    """Whether a request denies what a phrasing says, or has it the other way round.

    Args:
        phrasing: With the snippet's examples in the place of its values.
    """
    if bool(_NEGATION.search(request)) != bool(_NEGATION.search(phrasing)):
        return True
    if any(_opposed(request, phrasing, *pair) for pair in _OPPOSITES):
        return True
    said = request.casefold()
    there = [word.strip(".,") for word in re.findall(r"[\w.-]+", phrasing.casefold())]
    return any(
        first in there and second in there and there.index(second) < there.index(first)
        for first, second in _TURNED.findall(said)
    )


def _opposed(request: str, phrasing: str, one: re.Pattern[str], other: re.Pattern[str]) -> bool:
    asked = one.search(request) is not None, other.search(request) is not None
    there = one.search(phrasing) is not None, other.search(phrasing) is not None
    return {asked, there} == {(True, False), (False, True)}
