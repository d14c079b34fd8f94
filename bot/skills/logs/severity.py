"""How serious a log line is, from its level or, without one, from its words."""

from __future__ import annotations

import re
from enum import IntEnum


class Severity(IntEnum):
    """Ordered from chatter to catastrophe."""

    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3
    FATAL = 4


_HEAD_CHARS = 160
_NAMES = {
    "trace": Severity.DEBUG,
    "debug": Severity.DEBUG,
    "info": Severity.INFO,
    "notice": Severity.INFO,
    "warn": Severity.WARN,
    "warning": Severity.WARN,
    "err": Severity.ERROR,
    "error": Severity.ERROR,
    "severe": Severity.ERROR,
    "failure": Severity.ERROR,
    "crit": Severity.FATAL,
    "critical": Severity.FATAL,
    "alert": Severity.FATAL,
    "emerg": Severity.FATAL,
    "panic": Severity.FATAL,
    "fatal": Severity.FATAL,
}
LEVEL_WORDS = frozenset(_NAMES)
_LEVEL = "|".join(sorted(_NAMES, key=len, reverse=True))
_FIELD = re.compile(
    rf"[\"']?\b(?:level|lvl|severity|loglevel)[\"']?\s*[=:]\s*[\"']?({_LEVEL})\b", re.IGNORECASE
)
# Upper case anywhere in the head, any case in brackets or before a colon right after the stamp.
_UPPER = re.compile(rf"(?<![\w.-])({_LEVEL.upper()})(?![\w.=-])")
_BRACKETED = re.compile(rf"[\[(<|]\s*(?:[\w.]+:)?({_LEVEL})\s*[\])>|]", re.IGNORECASE)
_LEADING = re.compile(rf"^[^A-Za-z]*(?:[TZ]\b[^A-Za-z]*)?({_LEVEL})\b[\s:,\]]", re.IGNORECASE)
_LETTER = re.compile(r"^([IWEFDV])\d{4} \d\d:|^[\d\-:. ]{14,}\s([VDIWEF])[ /]\S")
_LETTERS = {
    "V": Severity.DEBUG,
    "D": Severity.DEBUG,
    "I": Severity.INFO,
    "W": Severity.WARN,
    "E": Severity.ERROR,
    "F": Severity.FATAL,
}
_GRAVE = re.compile(
    r"\b(?:fatal|panic(?:ked)?|critical|segfault|segmentation fault|core dumped|out of memory|"
    r"oom[- ]?kill\w*)\b",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\b(?:errors?|exception|traceback|aborted|crash(?:ed)?|corrupt(?:ed|ion)?)\b"
    r"|\b\w+(?:Error|Exception)\b",
    re.IGNORECASE,
)
# How programs say that they, or a part of their work, did not succeed.
_UNSUCCESSFUL = re.compile(
    r"\bexit(?:ed|ing|s)?(?: with)?(?: (?:status|code|status code))?[ :=]{1,2}[1-9]\d{0,2}\b"
    r"|\b(?:return(?:ed)?|exit|status) code:? [1-9]\d{0,2}\b"
    r"|(?i:\b[1-9]\d{0,6} (?:\w+ )?(?:failed|failures?|errors?)\b)"
    r"|(?<![\w.-])(?:FAIL|FAILED|FAILURE)(?![\w.=-])|[\u2717\u2718\u274c]|^\s*not ok \d"
)
_NONE_FAILED = re.compile(
    r"\b(?:0|no|without|zero) (?:\w+ )?(?:failed|failures?|errors?)\b", re.IGNORECASE
)
_DOUBTFUL = re.compile(
    r"\b(?:fail(?:ed|ure|s|ing)?|refused|denied|time(?:d)?[ -]?out|unreachable|exhausted|"
    r"unable|cannot|can't|could not|invalid|rejected|unavailable|lost|killed|broken|missing)\b",
    re.IGNORECASE,
)


def stated(text: str) -> Severity | None:
    """The level that a line states in its first 160 characters, or None."""
    head = text[:_HEAD_CHARS]
    for pattern in (_FIELD, _UPPER, _BRACKETED, _LEADING):
        match = pattern.search(head)
        if match:
            return _NAMES[match.group(1).lower()]
    letter = _LETTER.search(head)
    if letter:
        return _LETTERS[letter.group(1) or letter.group(2)]
    return None


def severity_of(text: str) -> Severity:
    """The stated level, else one inferred from words such as "failed" or "panic"."""
    level = stated(text)
    if level is not None:
        return level
    if _GRAVE.search(text):
        return Severity.FATAL
    if _UNSUCCESSFUL.search(text):
        return Severity.ERROR
    text = _NONE_FAILED.sub("", text)
    if _BAD.search(text):
        return Severity.ERROR
    return Severity.WARN if _DOUBTFUL.search(text) else Severity.INFO


def has_alarming_word(word: str) -> bool:
    """Whether a single word speaks of failure, so that it must never become a wildcard."""
    return any(pattern.search(word) for pattern in (_GRAVE, _BAD, _DOUBTFUL))
