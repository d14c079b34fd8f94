"""Whether a whole text does nothing but say yes to something proposed. Pure."""

# ruff: noqa: RUF001 (punctuation of other scripts)
from __future__ import annotations

import re

_POLITE = r"(?:please|pls|bitte|por favor|请|お願いします|thanks|danke|gracias|now|jetzt|ya|yes|ok|okay|ja|sí|si|好的?|はい|sure|yep|yeah|opsbot)"
_CORE = (
    r"(?:(?:just |let'?s )?(?:do|run|execute|apply|approve|start|launch) (?:it|that|this)(?: now)?|"
    r"go ahead(?: and (?:do|run) it)?|go for it|proceed|make it so|ship it|lgtm|confirmed?|"
    r"approved?|i approve(?: (?:it|this|that))?|you (?:may|can) (?:run|do) it|"
    r"(?:approve|run|execute)(?: the)?(?: proposal)? ?#?\d{0,9}|"
    r"mach(?:'s| das| es| mal)(?: bitte)?|los(?: geht'?s)?|leg los|ausführen|führ (?:es|das) aus|"
    r"freigegeben|genehmigt|(?:ich )?genehmige(?: es| das)?|"
    r"hazlo|adelante|ejecútalo|ejecutalo|procede|apruébalo|aprobado|dale|"
    r"执行(?:吧|它|一下)?|动手吧?|就这么(?:办|做)吧?|做吧|跑吧|可以执行|同意(?:执行)?|批准|确认执行|"
    r"実行して(?:ください)?|やって(?:ください)?|進めて(?:ください)?|承認(?:します)?)"
)
_GAP = r"[\s,.;:!、，。！]*"
_ORDER = re.compile(rf"{_GAP}(?:{_POLITE}{_GAP})*{_CORE}{_GAP}(?:{_POLITE}{_GAP})*", re.IGNORECASE)
_BARE_YES = re.compile(
    rf"{_GAP}(?:yes|yep|yeah|sure|ja|jawohl|sí|si|claro|是的?|好的?|对|可以|行|はい)"
    rf"(?:{_GAP}{_POLITE})*{_GAP}",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"#?(\d{1,9})")
_LONGEST = 60


def is_go_ahead(text: str) -> bool:
    """Whether a text is an order to do what was proposed, and nothing more."""
    return len(text) <= _LONGEST and _ORDER.fullmatch(text) is not None


def is_bare_yes(text: str) -> bool:
    """Whether a text is a yes, which is an answer only where something was asked."""
    return len(text) <= _LONGEST and _BARE_YES.fullmatch(text) is not None


def number_in(text: str) -> int | None:
    """The proposal that a text names by its number."""
    match = _NUMBER.search(text)
    return int(match.group(1)) if match is not None else None
