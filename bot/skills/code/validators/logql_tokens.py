"""The words of LogQL."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<duration>(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smhdwy]))+(?![\w.]))
    |(?P<bytes>\d+(?:\.\d+)?\s?(?:[kKMGTPE]i?)?B(?!\w))
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<flag>--[a-z-]+)
    |(?P<name>[A-Za-z_][\w]*)
    |(?P<sign>\|=|\|~|\|>|!=|!~|!>|=~|==|>=|<=|[{}()\[\],|=<>+\-*/%^])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word.

    Attributes:
        kind: "string", "duration", "bytes", "number", "flag", "name", "sign", or "end".
        at: Where it begins, from 1.
    """

    kind: str
    text: str
    at: int


def tokens(code: str) -> tuple[Token, ...]:
    """The words of a query, and one of kind "end" behind them.

    Raises:
        ValueError: Something is no word of LogQL.
    """
    found: list[Token] = []
    at = 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            what = "a string without end" if code[at] in "\"`'" else repr(code[at])
            hint = "; strings stand in double quotes" if code[at] == "'" else ""
            raise ValueError(f"position {at + 1}: {what} is no word of LogQL{hint}")
        if match.lastgroup != "space":
            found.append(Token(kind=match.lastgroup or "", text=match.group(), at=at + 1))
        at = match.end()
    return (*found, Token(kind="end", text="", at=len(code) + 1))
