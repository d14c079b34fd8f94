"""Splits a line into words as a POSIX shell would, refusing whatever a shell would expand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_OPERATORS = {
    ";": "chaining (;)",
    "&": "chaining or a background job (&)",
    "<": "a redirection",
    ">": "a redirection",
    "(": "a subshell",
    ")": "a subshell",
    "`": "command substitution",
    "$": "an expansion ($)",
    "*": "an unquoted wildcard",
    "?": "an unquoted wildcard",
    "[": "an unquoted wildcard",
}
_ESCAPED_IN_DOUBLE = '$`"\\'


_ADDRESS = re.compile(r"https?://|[a-z0-9.-]+:[0-9]+/")


class ScanError(Exception):
    """A construct that is more than words and pipes; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word after unquoting; `span` is the half-open range of characters it was written in."""

    text: str
    span: tuple[int, int]


def scan(line: str) -> tuple[tuple[Word, ...], ...]:
    """Split a line of ASCII into the words of each command of a pipeline.

    Raises:
        ScanError: A quote is open, or something would be expanded, redirected or chained.
    """
    scanner = _Scanner(line=line)
    while scanner.position < len(line):
        scanner.step()
    scanner.end_word()
    return (*scanner.stages, tuple(scanner.words))


@dataclass(slots=True, kw_only=True)
class _Scanner:
    line: str
    position: int = 0
    start: int | None = None
    bare: str = ""  # the word as written, with quoted characters replaced by "q"
    text: list[str] = field(default_factory=list[str])
    words: list[Word] = field(default_factory=list[Word])
    stages: list[tuple[Word, ...]] = field(default_factory=list[tuple[Word, ...]])

    def step(self) -> None:
        char = self.line[self.position]
        if char == " ":
            self.end_word()
            self.position += 1
        elif char == "|":
            self._pipe()
        elif char == "'":
            self._single()
        elif char == '"':
            self._double()
        elif char == "\\":
            self._escape()
        elif char == "?" and _ADDRESS.match(self.bare):
            # A query, not a wildcard: no file is called that.
            self._add(char, bare=char, n_read=1)
        elif char in _OPERATORS:
            raise ScanError(f"uses {_OPERATORS[char]}")
        elif char == "#" and self.start is None:
            raise ScanError("uses a comment")
        else:
            self._add(char, bare=char, n_read=1)

    def end_word(self) -> None:
        if self.start is None:
            return
        if self.bare.startswith("~"):
            raise ScanError("uses ~ for a home directory: write the path")
        if _expands_braces(self.bare):
            raise ScanError("uses brace expansion")
        self.words.append(Word(text="".join(self.text), span=(self.start, self.position)))
        self.start, self.bare = None, ""
        self.text.clear()

    def _add(self, text: str, *, bare: str, n_read: int) -> None:
        if self.start is None:
            self.start = self.position
        self.text.append(text)
        self.bare += bare
        self.position += n_read

    def _pipe(self) -> None:
        following = self.line[self.position + 1 : self.position + 2]
        if following == "|":
            raise ScanError("uses chaining (||)")
        if following == "&":
            raise ScanError("uses a pipe of the error output")
        self.end_word()
        self.stages.append(tuple(self.words))
        self.words.clear()
        self.position += 1

    def _single(self) -> None:
        end = self.line.find("'", self.position + 1)
        if end < 0:
            raise ScanError("has an open quote")
        text = self.line[self.position + 1 : end]
        self._add(text, bare="q", n_read=end + 1 - self.position)

    def _escape(self) -> None:
        following = self.line[self.position + 1 : self.position + 2]
        if not following:
            raise ScanError("ends in a backslash")
        self._add(following, bare="q", n_read=2)

    def _double(self) -> None:
        text: list[str] = []
        place = self.position + 1
        while place < len(self.line) and self.line[place] != '"':
            char = self.line[place]
            following = self.line[place + 1 : place + 2]
            if char == "`":
                raise ScanError("uses command substitution")
            if char == "$" and following not in {'"', " ", "|", ")", "/"}:
                raise ScanError("uses an expansion ($)")
            if char == "\\" and following and following in _ESCAPED_IN_DOUBLE:
                text.append(following)
                place += 2
                continue
            text.append(char)
            place += 1
        if place >= len(self.line):
            raise ScanError("has an open quote")
        self._add("".join(text), bare="q", n_read=place + 1 - self.position)


def _expands_braces(bare: str) -> bool:
    """Whether a shell would expand unquoted braces: `{a,b}` or `{1..3}`, never `{}` or `{x}`."""
    opened = bare.find("{")
    if opened < 0:
        return False
    rest = bare[opened + 1 :]
    return "," in rest or ".." in rest
