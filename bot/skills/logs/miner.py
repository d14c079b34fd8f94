"""From lines to templates: a dictionary lookup for nearly every line, masks for the rest.

A line's *shape* is the line without its digits. Lines of one shape belong to one template, so the
shape is looked up and nothing else is computed. A shape that is new loses its identifiers and is
looked up again; only then are masks applied. Memory is bounded: shapes are forgotten when there are
too many, and templates beyond the cap are counted together per severity.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum

from .masks import Masked, generalise, mask, readable, render
from .severity import Severity, has_alarming_word, severity_of

_DIGITS = b"0123456789"
_ALIKE = bytes.maketrans(b"123456789", b"000000000")
# What follows the first digit of an identifier; what precedes it is among these.
_FROM_DIGIT = re.compile(rb"0[\w-]*+")
_BEFORE_DIGIT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
_MERGE_VALUES = 5
_MERGE_CONSTANT_WORDS = 3
_SPACELESS = "\u2e80"  # the first of their letters
_LONG_RUN = 4
_MOSTLY = 0.3
_ANCHOR_BYTES = 4
_ANY = "*"
_OTHER = "other lines (too many templates)"


class LineKind(Enum):
    """What a line without a time of its own can be."""

    PLAIN = "plain"
    INDENTED = "indented"
    FRAME = "frame"
    """A frame of a stack trace, or the line that announces one."""
    EXCEPTION = "exception"
    """The line that names what was raised."""


_FRAME = re.compile(
    r"^\s+(?:at |File \"|in |\.\.\. \d+ more|[-~^|]+$)|^\t|^Traceback \(most recent|^goroutine \d+ "
    r"|^(?:During handling of|The above exception was)|^stack backtrace:|^[\w./*()]+\([^)]*\)$"
)
_EXCEPTION = re.compile(
    r"^(?:Caused by: |Suppressed: |panic: |Unhandled exception)"
    r"|^(?:[\w$]+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Failure)(?::|$)"
)
_VALUE = re.compile(
    rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) [^ ]+.{0,40}?[ \"]([1-5]\d\d)(?=[ \"]|$)"
    rb"|\"?\b(?:status|status_code|code|errno|signal|exit_code)\"?[ :=]{1,3}(\d{1,3})\b(?!\.)"
    rb"|\bexit(?:ed)?(?: with)?(?: status| code)?[ :=]{1,2}(\d{1,3})\b"
    rb"|\"level\":\s?(\d\d)\b"
    rb"|\b(\d{1,4}) (?:failed|failures?|errors?)\b"
    rb"|\b(?:errors?|error_count|failed|failures?)\"?[ :=]{1,3}(\d{1,4})\b(?!\.)"
    rb"|^<(\d{1,3})>1 "
)


class Template:
    """A message that a program writes again and again.

    Attributes:
        words: Severity name and constant words; no two templates have the same.
        severity: The same for all its lines.
        speaker: The words that only say who wrote it and at which level.
    """

    __slots__ = ("_pieces", "merged_into", "severity", "speaker", "words")

    def __init__(
        self,
        words: tuple[str, ...],
        severity: Severity,
        pieces: tuple[str, ...],
        speaker: tuple[str, ...] = (),
    ) -> None:
        self.words = words
        self.severity = severity
        self.speaker = speaker
        self.merged_into: Template | None = None
        self._pieces = pieces

    @property
    def root(self) -> Template:
        """The template that this one became part of, or itself."""
        found = self
        while found.merged_into is not None:
            found = found.merged_into
        return found

    @property
    def template_id(self) -> str:
        """Ten hexadecimal digits that depend on the words alone: the same on every machine.

        The same message has the same id from whichever process and at whichever level.
        """
        said = list(self.words[1:])
        for word in self.speaker:
            if word in said and len(said) > 1:
                said.remove(word)
        text = "\x1f".join(said).encode()
        return hashlib.blake2b(text, digest_size=5).hexdigest()

    @property
    def pattern(self) -> str:
        """The message with placeholders, for people."""
        return render(self._pieces)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pattern in pieces; see `Masked`."""
        return self._pieces

    def widen(self, pieces: tuple[str, ...]) -> None:
        """Let the pattern stand for another line too."""
        self._pieces = generalise(self._pieces, pieces)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """All lines that differ in nothing but digits and identifiers.

    Attributes:
        anchor: When lines carry a status, exit code or the like that is worth counting: the
            letters it is found by, for `value_of`. Else None.
    """

    template: Template
    kind: LineKind
    anchor: bytes | None


def without_identifiers(block: bytes) -> bytes:
    """A text without its runs of word characters and dashes that have a digit."""
    # NOTE: twice as fast as one expression for the whole run, which begins a search at every word.
    *parts, last = _FROM_DIGIT.split(block.translate(_ALIKE))
    return b"".join([part.rstrip(_BEFORE_DIGIT) for part in parts]) + last


def value_of(line: bytes, anchor: bytes = b"") -> str:
    """The status, exit code, errno or signal of a line; empty when it has none.

    Args:
        anchor: Spares looking for it everywhere; see `Shape`.
    """
    match = _VALUE.match(line, line.find(anchor)) if anchor else None
    if match is None:
        match = _VALUE.search(line)
    return match.group(match.lastindex or 0).decode() if match else ""


class Miner:
    """Finds the template of every line it is given.

    Two miners that saw the same messages give them the same ids, whatever the order.

    Args:
        max_templates: Further templates are counted as one "other" per severity.
        max_shapes: Further shapes make it forget all shapes (never a template).
    """

    def __init__(self, *, max_templates: int = 10_000, max_shapes: int = 50_000) -> None:
        self._max_templates = max_templates
        self._max_shapes = max_shapes
        self._shapes: dict[bytes, Shape] = {}
        self._bare_shapes: dict[bytes, Shape] = {}
        self._templates: dict[tuple[str, ...], Template] = {}
        self._neighbours: dict[int, list[Template]] = {}
        self._wildcards: dict[int, Template] = {}
        self._mostly_new = False
        self.n_overflow = 0

    def shapes_of(self, block: bytes) -> list[Shape]:
        """The shape of every line of a block; lines end with a newline, the last one may not.

        Returns:
            As many shapes as `block.split(b"\\n")` has parts.
        """
        keys = block.translate(None, _DIGITS).split(b"\n")
        known = self._shapes
        found = list(map(known.get, keys))
        if None not in found:
            return found  # pyright: ignore[reportReturnType]
        lines = block.split(b"\n")
        if self._mostly_new:
            return self._completed(found, lines)
        missing = {key for key, shape in zip(keys, found, strict=True) if shape is None}
        self._mostly_new = len(missing) > len(keys) * _MOSTLY
        return [
            shape or known.get(key) or self._miss(key, line)
            for shape, key, line in zip(found, keys, lines, strict=True)
        ]

    def _completed(self, found: list[Shape | None], lines: list[bytes]) -> list[Shape]:
        """Likewise, for streams whose every line has identifiers that no other line has."""
        unknown = [line for shape, line in zip(found, lines, strict=True) if shape is None]
        bares = iter(without_identifiers(b"\n".join(unknown)).split(b"\n"))
        known = self._bare_shapes
        return [
            shape or known.get(bare := next(bares)) or self._bare_shape(bare, line)
            for shape, line in zip(found, lines, strict=True)
        ]

    def shape_of(self, line: bytes) -> Shape:
        """The shape of one line."""
        key = line.translate(None, _DIGITS)
        return self._shapes.get(key) or self._miss(key, line)

    @property
    def templates(self) -> tuple[Template, ...]:
        """All templates that were not merged into another."""
        roots = {id(template.root): template.root for template in self._templates.values()}
        return tuple(roots.values())

    def _miss(self, key: bytes, line: bytes) -> Shape:
        shape = self._bare_shape(without_identifiers(line), line)
        if len(self._shapes) >= self._max_shapes:
            self._shapes.clear()
        self._shapes[key] = shape
        return shape

    def _bare_shape(self, bare: bytes, line: bytes) -> Shape:
        shape = self._bare_shapes.get(bare)
        if shape is None:
            shape = self._new_shape(line)
            if len(self._bare_shapes) >= self._max_shapes:
                self._bare_shapes.clear()
            self._bare_shapes[bare] = shape
        return shape

    def _new_shape(self, line: bytes) -> Shape:
        text = line.decode("utf-8", "replace")
        kind = _kind(text)
        message = readable(text)
        if kind is LineKind.EXCEPTION:
            severity = Severity.ERROR
        else:
            severity = Severity.INFO if kind is LineKind.FRAME else severity_of(message)
        template = self._template(mask(message), severity)
        return Shape(template, kind, _anchor(line))

    def _template(self, masked: Masked, severity: Severity) -> Template:
        words = (severity.name, *masked.words)
        known = self._templates.get(words)
        if known is not None:
            known.root.widen(masked.pieces)
            return known
        if len(self._templates) >= self._max_templates:
            self.n_overflow += 1
            return self._other(severity)
        template = Template(words, severity, masked.pieces, masked.speaker)
        self._templates[words] = template
        self._join_neighbours(template)
        return template

    def _other(self, severity: Severity) -> Template:
        words = (severity.name, _OTHER)
        if words not in self._templates:
            self._templates[words] = Template(words, severity, (_OTHER,))
        return self._templates[words]

    def _join_neighbours(self, template: Template) -> None:
        """Merge the template with those that differ from it in exactly one word."""
        words = template.words
        if sum(map(_weight, words[1:])) < _MERGE_CONSTANT_WORDS:
            return
        for place in range(1, len(words)):
            if words[place] == _ANY:
                continue
            key = hash((words[:place], words[place + 1 :], place))
            merged = self._wildcards.get(key)
            if merged is not None and not has_alarming_word(words[place]):
                self._absorb(merged.root, template)
                return
            neighbours = self._neighbours.setdefault(key, [])
            neighbours.append(template)
            if len(neighbours) >= _MERGE_VALUES and self._merge(key, place):
                return

    def _merge(self, key: int, place: int) -> bool:
        """Merge neighbours, save those whose differing word speaks of failure."""
        neighbours = [
            template
            for template in self._neighbours[key]
            if not has_alarming_word(template.words[place])
        ]
        if len(neighbours) < _MERGE_VALUES:
            return False
        del self._neighbours[key]
        first = neighbours[0]
        words = (*first.words[:place], _ANY, *first.words[place + 1 :])
        merged = self._templates.get(words) or Template(
            words, first.severity, first.pieces, first.speaker
        )
        self._templates[words] = merged
        self._wildcards[key] = merged
        for template in neighbours:
            self._absorb(merged.root, template.root)
        empty_slot = self._templates.get((*first.words[:place], *first.words[place + 1 :]))
        if empty_slot is not None:
            self._absorb(merged.root, empty_slot.root)
        self._join_neighbours(merged)
        return True

    def _absorb(self, into: Template, template: Template) -> None:
        if into is template:
            return
        template.merged_into = into
        into.widen(template.pieces)


def _weight(word: str) -> int:
    """How many words a word is: a run of a script without spaces is several."""
    if word == _ANY:
        return 0
    return 2 if word[0] >= _SPACELESS and len(word) >= _LONG_RUN else 1


def _anchor(line: bytes) -> bytes | None:
    match = _VALUE.search(line)
    if match is None:
        return None
    head = match.group()[:_ANCHOR_BYTES].rstrip(_DIGITS)
    return b"" if head[:1].isdigit() else head


def _kind(text: str) -> LineKind:
    if _FRAME.match(text):
        return LineKind.FRAME
    if _EXCEPTION.match(text):
        return LineKind.EXCEPTION
    return LineKind.INDENTED if text[:1].isspace() else LineKind.PLAIN
