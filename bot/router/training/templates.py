"""A small notation for many similar sentences: alternatives, slots, and nothing else.

`(a|b|)` is one of its alternatives and may nest; `{name}` is one value of that slot, which may hold
alternatives itself; a backslash takes the next character literally, and `\\n` is a line break.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

_MAX_DEPTH = 8


def read_sections(text: str) -> Mapping[str, tuple[str, ...]]:
    """The lines below each `== name` heading; blank lines do not count.

    Raises:
        ValueError: A line stands before the first heading.
    """
    sections: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in text.splitlines():
        if line.startswith("== "):
            lines = sections.setdefault(line[3:].strip(), [])
        elif line.strip():
            if lines is None:
                raise ValueError(f"{line!r} stands before the first heading")
            lines.append(line)
    return {name: tuple(found) for name, found in sections.items()}


class Template:
    """One sentence pattern.

    Args:
        source: In the notation of this module.
        slots: Values of the slots; they are plain text, except for `\\n`.

    Raises:
        ValueError: A bracket is not closed, or a slot is unknown.
    """

    def __init__(self, source: str, slots: Mapping[str, Sequence[str]]) -> None:
        self._source = source
        self._slots = slots
        self._at = 0
        self._branches = self._alternatives(0)
        if self._at < len(source):
            raise ValueError(f"{source!r}: unexpected {source[self._at]!r} at {self._at}")

    def fill(self, random: Random) -> str:
        """One sentence of the pattern."""
        return _join(self._branches, random)

    def _alternatives(self, depth: int) -> list[list[_Piece]]:
        if depth > _MAX_DEPTH:
            raise ValueError(f"{self._source!r} nests too deep")
        branches: list[list[_Piece]] = [[]]
        while self._at < len(self._source):
            character = self._source[self._at]
            if depth and character == ")":
                break
            self._at += 1
            if depth and character == "|":
                branches.append([])
            else:
                branches[-1].append(self._piece(character, depth))
        return branches

    def _piece(self, character: str, depth: int) -> _Piece:
        if character == "\\":
            self._at += 1
            return _unescaped(self._source[self._at - 1 : self._at])
        if character == "{":
            return self._slot()
        if character != "(":
            return character
        inner = self._alternatives(depth + 1)
        if self._at >= len(self._source):
            raise ValueError(f"{self._source!r}: a bracket is not closed")
        self._at += 1
        return inner

    def _slot(self) -> _Piece:
        name, closing, _ = self._source[self._at :].partition("}")
        if not closing or name not in self._slots:
            raise ValueError(f"{self._source!r}: there is no slot {name!r}")
        self._at += len(name) + 1
        return [[value.replace("\\n", "\n")] for value in self._slots[name]]


_Piece = str | list[list["_Piece"]]


def _unescaped(character: str) -> str:
    return "\n" if character == "n" else character


def _join(branches: list[list[_Piece]], random: Random) -> str:
    chosen = branches[0] if len(branches) == 1 else random.choice(branches)
    return "".join(piece if isinstance(piece, str) else _join(piece, random) for piece in chosen)
