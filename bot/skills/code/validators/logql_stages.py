"""What selects and works on log lines in LogQL: `{...}` and the stages behind it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Self

from .logql_tokens import Token, tokens

_LINE_FILTERS = frozenset({"|=", "!=", "|~", "!~", "|>", "!>"})
_MATCHES = frozenset({"=", "!=", "=~", "!~"})
_COMPARES = frozenset({"=", "==", "!=", "=~", "!~", ">", ">=", "<", "<="})
_UNITS_S = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86400,
    "w": 604800,
    "y": 31536000,
}


@dataclass(slots=True)
class Words:
    """A query's words with a finger on the next one."""

    all: tuple[Token, ...]
    at: int = 0

    @classmethod
    def of(cls, code: str) -> Self:
        """The words of a query.

        Raises:
            ValueError: Something is no word of LogQL.
        """
        return cls(tokens(code))

    @property
    def peek(self) -> Token:
        """The next word; of kind "end" behind the last one."""
        return self.all[min(self.at, len(self.all) - 1)]

    def take(self) -> Token:
        """The next word; the finger moves on."""
        word = self.peek
        self.at += 1
        return word

    def take_if(self, text: str) -> bool:
        """Take a certain word if it is next, and say whether it was."""
        found = self.peek.text == text
        self.at += found
        return found

    def expect(self, text: str) -> Token:
        """Take a certain word.

        Raises:
            ValueError: Another one comes.
        """
        if self.peek.text != text or self.peek.kind == "end":
            raise self.fault(f"expected {text!r}, found {self.peek.text or 'the end'!r}")
        return self.take()

    def expect_kind(self, kind: str) -> Token:
        """Take a word of a kind.

        Raises:
            ValueError: Another one comes.
        """
        if self.peek.kind != kind:
            raise self.fault(f"expected a {kind}, found {self.peek.text or 'the end'!r}")
        return self.take()

    def fault(self, message: str, word: Token | None = None) -> ValueError:
        """An error that says where."""
        return ValueError(f"position {(word or self.peek).at}: {message}")


@dataclass(slots=True)
class Stages:
    """Reads a selector and its stages, and a range wherever it stands among them.

    Attributes:
        range_text: The range in seconds with its offset, for example "300 offset 60"; empty when
            there is none.
    """

    words: Words
    range_text: str = field(default="")

    def selection(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Matchers, sorted, and stages in their order.

        Raises:
            ValueError: This is no selector or no stage.
        """
        matchers = self._selector()
        stages: list[str] = []
        self.range_if_any()
        while self.words.peek.text in _LINE_FILTERS or self.words.peek.text == "|":
            stages.append(self._stage())
            self.range_if_any()
        return matchers, tuple(stages)

    def range_if_any(self) -> None:
        """Take `[5m]` and `offset 1m`, if they are next."""
        words = self.words
        if words.peek.text == "[" and not self.range_text:
            words.take()
            self.range_text = f"{_seconds(words.expect_kind('duration').text):g}"
            words.expect("]")
        if words.peek.text == "offset" and self.range_text:
            words.take()
            self.range_text += f" offset {_seconds(words.expect_kind('duration').text):g}"

    def _selector(self) -> tuple[str, ...]:
        words = self.words
        words.expect("{")
        found: list[str] = []
        selective = False
        while words.peek.text != "}":
            label, sign = words.expect_kind("name").text, words.take()
            if sign.text not in _MATCHES:
                raise words.fault(f"a label is matched with = != =~ !~, not {sign.text!r}", sign)
            value = self._string(is_regex=sign.text in {"=~", "!~"})
            selective |= sign.text in {"=", "=~"} and value not in {'""', '".*"'}
            found.append(f"{label}{sign.text}{value}")
            if words.peek.text != "}":
                words.expect(",")
        words.take()
        if not selective:
            raise words.fault("a selector needs a label that is not matched with everything")
        return tuple(sorted(found))

    def _string(self, *, is_regex: bool = False) -> str:
        word = self.words.expect_kind("string")
        text = _unquoted(word)
        if is_regex:
            try:
                re.compile(text)
            except re.error as exc:
                fault = f"the expression {text!r} cannot be read: {exc}"
                raise self.words.fault(fault, word) from exc
        return json.dumps(text, ensure_ascii=False)

    def _stage(self) -> str:
        words = self.words
        if words.peek.text in _LINE_FILTERS:
            return self._line_filter()
        words.expect("|")
        name = words.peek.text
        match name:
            case "json" | "logfmt":
                return self._extraction()
            case "unpack" | "decolorize":
                return words.take().text
            case "pattern" | "regexp" | "line_format":
                words.take()
                return f"{name} {self._string(is_regex=name == 'regexp')}"
            case "label_format":
                return self._label_format()
            case "drop" | "keep":
                return self._label_list()
            case "unwrap":
                return self._unwrap()
            case _:
                return f"where {self._either()}"

    def _line_filter(self) -> str:
        sign = self.words.take().text
        found = [self._filtered(sign)]
        while self.words.peek.text == "or":
            self.words.take()
            found.append(self._filtered(sign))
        return f"{sign} {' or '.join(found)}"

    def _filtered(self, sign: str) -> str:
        if self.words.peek.text == "ip":
            return self._ip()
        return self._string(is_regex=sign in {"|~", "!~"})

    def _ip(self) -> str:
        self.words.take()
        self.words.expect("(")
        inner = self._string()
        self.words.expect(")")
        return f"ip({inner})"

    def _extraction(self) -> str:
        words = self.words
        found = [words.take().text]
        while words.peek.kind == "flag":
            found.append(words.take().text)
        while words.peek.kind == "name" and words.peek.text not in {"offset"}:
            label = words.take().text
            if words.peek.text == "=":
                words.take()
                label += f"={self._string()}"
            found.append(label)
            if words.peek.text == ",":
                words.take()
        return " ".join(found)

    def _label_format(self) -> str:
        words = self.words
        words.take()
        found: list[str] = []
        while True:
            label = words.expect_kind("name").text
            words.expect("=")
            source = words.take().text if words.peek.kind == "name" else self._string()
            found.append(f"{label}={source}")
            if words.peek.text != ",":
                return f"label_format {','.join(sorted(found))}"
            words.take()

    def _label_list(self) -> str:
        words = self.words
        kind, found = words.take().text, list[str]()
        while True:
            label = words.expect_kind("name").text
            if words.peek.text in _MATCHES:
                label += words.take().text + self._string()
            found.append(label)
            if words.peek.text != ",":
                return f"{kind} {','.join(sorted(found))}"
            words.take()

    def _unwrap(self) -> str:
        words = self.words
        words.take()
        label = words.expect_kind("name").text
        if words.peek.text == "(":
            if label not in {"duration", "duration_seconds", "bytes"}:
                raise words.fault(f"unwrap knows duration() and bytes(), not {label}()")
            words.take()
            label = f"{label.removesuffix('_seconds')}({words.expect_kind('name').text})"
            words.expect(")")
        return f"unwrap {label}"

    def _either(self) -> str:
        """A condition on labels: `and` (also a comma) binds closer than `or`."""
        found = [self._all()]
        while self.words.peek.text == "or":
            self.words.take()
            found.append(self._all())
        return found[0] if len(found) == 1 else f"({' or '.join(sorted(found))})"

    def _all(self) -> str:
        found = [self._condition()]
        words = self.words
        while words.peek.text in {"and", ","}:
            words.take()
            found.append(self._condition())
        return " and ".join(sorted(found))

    def _condition(self) -> str:
        words = self.words
        if words.peek.text == "(":
            words.take()
            inner = self._either()
            words.expect(")")
            return inner
        word = words.peek
        if word.kind != "name":
            raise words.fault(f"expected a stage or a label, found {word.text or 'the end'!r}")
        label, sign = words.take().text, words.take()
        if sign.text not in _COMPARES:
            raise words.fault(f"{label} is no stage, and no comparison follows it", word)
        if words.peek.text == "ip":
            return f"{label}{sign.text}{self._ip()}"
        if words.peek.kind == "string":
            return f"{label}{sign.text}{self._string(is_regex='~' in sign.text)}"
        return f"{label}{'=' if sign.text == '==' else sign.text}{self._quantity()}"

    def _quantity(self) -> str:
        word = self.words.take()
        if word.kind == "duration":
            return f"{_seconds(word.text):g}s"
        if word.kind == "bytes":
            return word.text.replace(" ", "")
        if word.kind != "number":
            raise self.words.fault("expected a string, a number, a duration or a size", word)
        return f"{float(word.text):g}"


def _unquoted(word: Token) -> str:
    if word.text[0] == "`":
        return word.text[1:-1]
    try:
        return str(json.loads(word.text))
    except ValueError as exc:
        fault = f"{word.text} has an escape that LogQL does not know; backslashes are doubled"
        raise ValueError(f"position {word.at}: {fault}") from exc


def _seconds(text: str) -> float:
    pieces = re.findall(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])", text)
    return sum(float(number) * _UNITS_S[unit] for number, unit in pieces)
