"""Which parts of a line are variable: masks for what people read, words for what identifies.

A template's identity is the ordered list of its constant words. Everything that varies, and all
punctuation, is left out of it, so optional or list-valued parameters do not split a template.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import cast

from .severity import LEVEL_WORDS

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_UNIT = r"(?:ns|us|µs|ms|secs?|seconds?|minutes?|[kKMGT]i?[Bb]|bytes|[smh%])(?!\w)"
# A quoted text is a parameter, unless it is the message of a structured line.
_NO_MESSAGE = "".join(f"(?<!{key}=)" for key in ("msg", "message", "error", "err", "reason"))
_METHOD = "(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)"

_LEVEL = "(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|FATAL)"

_DATE_WORD = re.compile(f"{_DAY}|{_MONTH}")
_STAMP = (
    r"\b\d{4}[-/.]\d\d[-/.]\d\d(?:[T _-]\d\d[:.]\d\d[:.]\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"(?![\w-])"
    r"|\b\d\d?:\d\d:\d\d(?:[.,:]\d+)*\b"
    rf"|\b(?:{_DAY},? )?{_MONTH} {{1,2}}\d{{1,2}}(?: (?:\d\d:){{2}}\d\d(?:[.]\d+)?)?"
    r"(?: \d{4})?\b"
    rf"|\b\d\d/{_MONTH}/\d{{4}}(?::\d\d){{3}}(?: [+-]\d{{4}})?"
)
_PATH = (
    r"(?<![\w/.<])(?:~|\.{1,2})?/[\w.@%+~$*:=-]++(?:/[\w.@%+~$*:=-]*+)*"
    r"|\b[A-Za-z]:\\[^\s\"']++"
    r"|(?<![\w/])[\w.{}-]++(?:/[\w.{}-]++){2,}"
)
_TEXT = _NO_MESSAGE + rf'"(?!{_METHOD} )[^"\n]{{0,200}}"|(?<!\w)\'[^\'\n]{{0,200}}\'(?!\w)'
_VALUE = r"(?<=[A-Za-z_]=)(?<!msg=)(?<!message=)(?<!event=)(?![\"'])[^\s,;)\]}&]++"
_ID = r"(?<![\w~-])(?=[\w~-]*?(?:\d|(?<![A-Za-z])[a-f]{8}))(?=[-\d~]*[A-Za-z_])[\w~-]++"

_PLAIN = "plain"

# The first alternative that matches at a place wins.
_MASKS = (
    ("thread", rf"\b{_LEVEL}\s+\[(?:[^\[\]]|\[[^\[\]]*\])*+\]"),
    ("url", r"\b[a-z][a-z0-9+]{1,9}://[^\s\"'<>,;)\]]++"),
    ("id", r"(?<![\w:])[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}(?![\w:])"),
    ("time", _STAMP),
    ("value", r"(?<=\b[Uu]ser )(?<!user user )[\w.@-]++"),
    # A plain word is no mask; taking it as a whole spares trying the others at its every letter.
    (_PLAIN, r"(?<![^\s(\[])[A-Za-z]++(?=\s)"),
    # A name with its number, as of signals, error numbers and devices: SIGTERM(15).
    ("id", rf"\b(?!{_LEVEL}|FAIL)[A-Z][A-Z_]+\(\d+\)"),
    ("ip", r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:[:/]\d{1,5})?(?![\w.]*\w)"),
    ("ip", r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:{1,2}){3,7}[0-9a-fA-F]{1,4}(?![\w:])"),
    ("path", _PATH),
    ("text", _TEXT),
    ("value", _VALUE),
    ("id", r"(?<![\w.])[\w.+-]+@[\w.-]+"),
    ("name", r"(?<![\w.-])[\w-]++(?:\.[\w$-]++){2,}(?<!Exception)(?<!Error)(?![(])"),
    ("n", rf"(?<![\w.~-])\d[\d.,]*+{_UNIT}"),
    ("id", _ID),
    ("n", rf"[-+]?\d[\d.,]*+(?: ?{_UNIT})?"),
)
_LEADING = re.compile(rf"^(?:{_LEVEL}\b|\[[\w.-]+\])[\s:|-]*")
_STAMPS = re.compile(_STAMP)
_HEAD_CHARS = 120
_PROCESS = re.compile(r"(?<!\S)([A-Za-z][\w./()-]*)\[<n>\]: ")
_LEVEL_WORD = re.compile(rf"\b(?:{'|'.join(sorted(LEVEL_WORDS, key=len, reverse=True)).upper()})\b")
_LABELS = tuple(label for label, _ in _MASKS)
_MASK = re.compile("|".join(f"({pattern})" for _, pattern in _MASKS))
# Where scripts without spaces touch others, a word ends.
_SPACELESS = "\u2e80-\ud7ff\uf900-\uffdc"
_WORD = re.compile(rf"<[a-z]+>|[^\W\d_{_SPACELESS}]{{2,}}|[{_SPACELESS}]{{2,}}")
_WITH_UNIT = re.compile(rf"[-+]?\d[\d.,]*( ?{_UNIT})")
_LITERAL_LABELS = frozenset({"path", "text", "value", "name"})
_MAX_TEXT_CHARS = 2000
_HEAD = re.compile(
    rf"^(?:[\s\[\](){{}}|:,-]*(?:<time>|<n>|[TZ]\b|<id>(?=\s*<time>|\])|(?:{'|'.join(LEVEL_WORDS)})\b))+"
    r"[\s\])|:,-]*",
    re.IGNORECASE,
)
_MESSAGE_KEYS = ("message", "msg", "event", "log")
_LEVEL_KEYS = ("level", "severity", "lvl", "levelname")
_ERROR_KEYS = ("error", "err", "exception", "reason")
_SCOPE_KEYS = ("logger", "component", "module")


@dataclass(frozen=True, slots=True)
class Masked:
    """A line with its variable parts found.

    Attributes:
        words: The constant words in order: the identity of the template.
        pieces: The line cut into constant and variable pieces, in order; a variable piece is a
            placeholder such as "<ip>", or its own text where that has no digit and may turn out
            to be constant.
        speaker: Those words that only say who wrote the line and at which level.
    """

    words: tuple[str, ...]
    pieces: tuple[str, ...]
    speaker: tuple[str, ...] = ()


def mask(text: str) -> Masked:
    """Find the variable parts of a line; only its first 2,000 characters count."""
    pieces: list[str] = []
    plain: list[str] = []
    end = 0
    text = text[:_MAX_TEXT_CHARS]
    for match in _MASK.finditer(text):
        label = _LABELS[(match.lastindex or 1) - 1]
        if label is _PLAIN:
            continue
        before = text[end : match.start()]
        plain += (before, f"<{label}>")
        pieces += (before, _shown(match.group(), label))
        end = match.end()
    plain.append(text[end:])
    pieces.append(text[end:])
    masked = "".join(plain)
    return Masked(tuple(_words(masked)), tuple(pieces), tuple(_speaker(masked)))


def _words(masked: str) -> list[str]:
    found = cast("list[str]", _WORD.findall(masked))
    return [word for word in found if word[0] != "<"]


def _speaker(masked: str) -> list[str]:
    """The words of a process with its number, and of a level in capitals."""
    head = masked[:_HEAD_CHARS]
    process = _PROCESS.search(head)
    level = _LEVEL_WORD.search(head)
    found = _words(process.group(1)) if process else []
    return [*found, level.group()] if level else found


def _shown(variable: str, label: str) -> str:
    if label == "thread":
        return ""
    unit = _WITH_UNIT.fullmatch(variable) if label == "n" else None
    if unit:
        return f"<n>{unit.group(1)}"
    keep = label in _LITERAL_LABELS and not any(char.isdigit() for char in variable)
    return variable if keep else f"<{label}>"


def generalise(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Pieces that stand for both lines: what differs becomes "<*>".

    Lines with another number of pieces leave `first` as it is: their words are the same, only
    optional parameters differ.
    """
    if first == second or len(first) != len(second):
        return first
    return tuple(a if a == b else _widened(a, b) for a, b in zip(first, second, strict=True))


def _widened(first: str, second: str) -> str:
    if not first.strip() or not second.strip():
        return first
    if first[0].isspace() or first[-1].isspace():
        return _wildcard_words(first, second)
    return "<*>"


def _wildcard_words(first: str, second: str) -> str:
    ours, theirs = first.split(" "), second.split(" ")
    if len(ours) != len(theirs):
        return first
    return " ".join(a if a == b else "<*>" for a, b in zip(ours, theirs, strict=True))


def render(pieces: tuple[str, ...]) -> str:
    """The template as people read it, without the stamp and the level at its beginning."""
    text = " ".join("".join(pieces).split())
    return _HEAD.sub("", text, count=1) or text


def readable(text: str) -> str:
    """The message of a JSON line with its level, logger and error; other lines as they are."""
    if not text.startswith("{"):
        return text
    try:
        fields = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return text
    if not isinstance(fields, dict):
        return text
    row = cast("dict[str, object]", fields)
    message = _field(row, _MESSAGE_KEYS)
    if not message:
        return text
    level = _field(row, _LEVEL_KEYS)
    parts = (level.upper() if level.isalpha() else "", _field(row, _SCOPE_KEYS), message)
    error = _field(row, _ERROR_KEYS)
    return " ".join(part for part in (*parts, error and f"error: {error}") if part)


def _field(row: dict[str, object], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = row.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict):
            nested = cast("dict[str, object]", value)
            inner = nested.get("message") or nested.get("msg")
            if isinstance(inner, str):
                return inner
    return ""


def is_date_word(word: str) -> bool:
    """Whether a word is a month or a day of the week as times of logs begin with."""
    return _DATE_WORD.fullmatch(word) is not None


def without_head(line: str) -> str:
    """The line after its stamps and the identifiers before, between and repeated after them."""
    end = 0
    for match in _STAMPS.finditer(line[:_HEAD_CHARS]):
        between = line[end : match.start()].strip("[]()|,").split()
        if any(len(part) > 1 and not any(char.isdigit() for char in part) for part in between):
            break
        end = match.end()
        while end < len(line) and not line[end].isspace() and line[end] != "[":
            end += 1
    if not end:
        return line
    known = set(line[:end].split())
    rest = line[end:].lstrip(" \t]|,-")
    while rest:
        token, _, after = rest.partition(" ")
        if not token or not set(token.split("/")) <= known:
            break
        rest = after.lstrip()
    return rest


def message_of(line: str, service: str) -> str:
    """What a line says after its time, level, request id and the name of its service."""
    rest = without_head(line)
    while True:
        shorter = _LEADING.sub("", rest.removeprefix(service).lstrip(" :-"), count=1)
        if shorter == rest or not shorter:
            return rest
        rest = shorter
