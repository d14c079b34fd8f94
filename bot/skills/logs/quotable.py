"""A grammar in which a model can quote nothing but the evidence. Pure.

Every quotation is a run of whole clauses of one entry, and the thing to look at next is a name that
an entry contains, so a misquoted line is not withheld later: it cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..grammar import literal, one_of

_ENTRY = re.compile(r"^\[\d+\] (?:[^:]*, since \d\d:\d\d:\d\d|[^:]*): (.+)$", re.MULTILINE)
_BETWEEN = re.compile(r"[:;,]\s+|(?<=[.!?)\]}])\s+|\s+(?=[(\[{])|\s+(?:[-–—|]+|=+>|->)\s+")
_MIN_CLAUSE_CHARS = 8
_NAME = re.compile(r"[A-Za-z0-9_][\w./:@#-]{2,58}\w")
_IS_NAMED = re.compile(r"[\w-][./_:@#-][\w-]|[a-z][A-Z]|[A-Za-z]\d")
_MAX_NAMES = 40

_FORM = r"""root ::= "Likely cause: `" quote "`"{because} ".\nNext check: " words " `" name "`."
words ::= [a-zA-Z] [^\n\[\]`.,:;?!0-9]{{3,60}} [^\n\[\]`.,:;?!0-9 ]
"""
_BECAUSE = ' " because of `" quote "`"'


def grammar_of(evidence: str) -> str:
    """The form of an explanation, as a GBNF grammar.

    Args:
        evidence: A title line with the services, then one numbered entry on each line.
    """
    entries = _entries(evidence)
    rules: list[str] = []
    starts: list[str] = []
    for number, clauses in enumerate(map(_clauses, entries)):
        for place, (text, gap) in enumerate(clauses):
            rule = f"q{number}-{place}"
            starts.append(rule)
            rest = f" ({literal(gap)} q{number}-{place + 1})?" if place + 1 < len(clauses) else ""
            rules.append(f"{rule} ::= {literal(text)}{rest}")
    form = _FORM.format(because=_BECAUSE if len(starts) > 1 else "")
    names = one_of(_names(evidence, entries))
    return "\n".join((form, f"quote ::= {' | '.join(starts)}", f"name ::= {names}", *rules, ""))


def _entries(evidence: str) -> tuple[str, ...]:
    """What the entries quote; the whole text when it has no entries."""
    return tuple(dict.fromkeys(_ENTRY.findall(evidence))) or (evidence.strip() or "nothing",)


def _clauses(text: str) -> tuple[tuple[str, str], ...]:
    """Each clause with what stands between it and the next; joined, they are the text."""
    pieces: list[tuple[str, str]] = []
    begin = 0
    for gap in _BETWEEN.finditer(text):
        if gap.start() - begin >= _MIN_CLAUSE_CHARS and len(text) - gap.end() >= _MIN_CLAUSE_CHARS:
            pieces.append((text[begin : gap.start()], gap.group()))
            begin = gap.end()
    return (*pieces, (text[begin:].rstrip(), ""))


def _names(evidence: str, entries: tuple[str, ...]) -> tuple[str, ...]:
    """What can be looked at: names in the entries, and the services of the title."""
    found = dict.fromkeys(_named(entries))
    services = (name.strip() for name in evidence.partition("\n")[0].split(","))
    title = [name for name in services if name and len(name) <= 60]
    return (*title, *(name for name in found if name not in title))[:_MAX_NAMES] or ("the log",)


def _named(entries: tuple[str, ...]) -> Iterator[str]:
    for entry in entries:
        for match in _NAME.finditer(entry):
            if _IS_NAMED.search(match.group()) and any(map(str.isalpha, match.group())):
                yield match.group()
