"""Reading GBNF, the grammar notation of llama.cpp."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .characters import ANY, CharacterSet
from .errors import GrammarSyntaxError
from .rules import Choice, Concatenation, Grammar, Node, Reference, Repetition, Terminal

_NAME = re.compile(r"[A-Za-z0-9-]+")
_NUMBER = re.compile(r"[0-9]+")
_BLANK = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}
_HEX = re.compile(r"[0-9A-Fa-f]+")
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "[": "[", "]": "]", "-": "-"}
_REPEATS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_MOST_REPEATS = 2000
"""Above this llama.cpp refuses a lower bound and drops an upper one."""
_MOST_NESTED = 64


def parse_gbnf(text: str) -> Grammar:
    """Read a grammar.

    Raises:
        GrammarSyntaxError: It cannot be read, lacks `root`, or refers to a rule it lacks.
    """
    return _Reader(text).grammar()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._named: dict[str, int] = {}

    def grammar(self) -> Grammar:
        rules: dict[str, Node] = {}
        self._skip(_BLANK_LINES)
        while self._at < len(self._text):
            name, node = self._rule()
            rules[name] = node
            self._skip(_BLANK_LINES)
        for name, position in {"root": 0, **self._named}.items():
            if name not in rules:
                raise GrammarSyntaxError(f"there is no rule {name}, it is used", position)
        return Grammar(rules)

    def _rule(self) -> tuple[str, Node]:
        name = self._match(_NAME, "the name of a rule")
        self._skip(_BLANK)
        self._expect("::=")
        self._skip(_BLANK_LINES)
        node = self._alternatives(_BLANK)
        if self._at < len(self._text) and self._peek() not in "\r\n":
            raise self._error("the end of the line is expected")
        return name, node

    def _alternatives(self, blank: re.Pattern[str]) -> Node:
        options = [self._sequence(blank)]
        while self._take("|"):
            self._skip(_BLANK_LINES)
            options.append(self._sequence(blank))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self, blank: re.Pattern[str]) -> Node:
        parts: list[Node] = []
        while (node := self._item()) is not None:
            self._skip(blank)
            while (bounds := self._repeat(blank)) is not None:
                node = Repetition(node, *bounds)
                self._skip(blank)
            parts.append(node)
        return parts[0] if len(parts) == 1 else Concatenation(tuple(parts))

    def _item(self) -> Node | None:
        """What begins here, without what repeats it; None where a sequence ends."""
        readers: dict[str, Callable[[], Node]] = {
            '"': self._literal,
            "[": self._set,
            "(": self._group,
        }
        first = self._peek()
        if first in readers:
            self._at += 1
            return readers[first]()
        if self._take("."):
            return Terminal(ANY)
        if first and _NAME.match(first):
            self._named.setdefault(name := self._match(_NAME, "a name"), self._at)
            return Reference(name)
        if first and first in "<!":
            raise self._error("whole tokens are not supported")
        return None

    def _literal(self) -> Node:
        parts: list[Node] = []
        while not self._take('"'):
            code_point = self._character()
            parts.append(Terminal(CharacterSet(((code_point, code_point + 1),))))
        return Concatenation(tuple(parts))

    def _set(self) -> Node:
        is_inverted = self._take("^")
        characters = CharacterSet.of(self._ranges())
        return Terminal(characters.inverted() if is_inverted else characters)

    def _ranges(self) -> Iterator[tuple[int, int]]:
        while not self._take("]"):
            first = last = self._character()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                last = self._character()
            yield first, last + 1

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise self._error(f"more than {_MOST_NESTED} nested groups")
        self._skip(_BLANK_LINES)
        node = self._alternatives(_BLANK_LINES)
        self._expect(")")
        self._depth -= 1
        return node

    def _repeat(self, blank: re.Pattern[str]) -> tuple[int, int | None] | None:
        sign = self._peek()
        if sign in _REPEATS:
            self._at += 1
            return _REPEATS[sign]
        if not self._take("{"):
            return None
        self._skip(blank)
        least = int(self._match(_NUMBER, "a number"))
        self._skip(blank)
        most: int | None = least
        if self._take(","):
            self._skip(blank)
            digits = _NUMBER.match(self._text, self._at)
            most = int(self._match(_NUMBER, "a number")) if digits else None
            self._skip(blank)
        self._expect("}")
        return self._checked(least, most)

    def _checked(self, least: int, most: int | None) -> tuple[int, int | None]:
        if least > _MOST_REPEATS or (most is not None and most < least):
            raise self._error(f"the bounds {least},{most} cannot be used")
        return least, None if most is not None and most > _MOST_REPEATS else most

    def _character(self) -> int:
        """The code point of a character of a literal or a set."""
        if not self._take("\\"):
            self._at += 1
            return ord(self._previous("a character"))
        self._at += 1
        kind = self._previous("an escape")
        if kind in _HEX_LENGTHS:
            return self._hex(_HEX_LENGTHS[kind])
        if kind not in _ESCAPES:
            raise self._error(f"the escape \\{kind} is unknown")
        return ord(_ESCAPES[kind])

    def _hex(self, n_digits: int) -> int:
        digits = self._text[self._at : self._at + n_digits]
        if len(digits) < n_digits or not _HEX.fullmatch(digits):
            raise self._error(f"{n_digits} hexadecimal digits are expected")
        self._at += n_digits
        return int(digits, 16)

    def _previous(self, expected: str) -> str:
        if self._at > len(self._text):
            raise self._error(f"{expected} is expected")
        return self._text[self._at - 1]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, sign: str) -> bool:
        is_next = self._text.startswith(sign, self._at)
        self._at += len(sign) * is_next
        return is_next

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._error(f"{sign} is expected")

    def _match(self, pattern: re.Pattern[str], expected: str) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self._error(f"{expected} is expected")
        self._at = found.end()
        return found.group()

    def _skip(self, blank: re.Pattern[str]) -> None:
        found = blank.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _error(self, message: str) -> GrammarSyntaxError:
        return GrammarSyntaxError(message, min(self._at, len(self._text)))
