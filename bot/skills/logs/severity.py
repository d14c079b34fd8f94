"""How serious a log line is, from its level or, without one, from its words."""

from __future__ import annotations

import re
from enum import IntEnum

from .alarm_words import BAD, DOUBTFUL, GRAVE, NONE_FAILED, may_alarm


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
    "dbg": Severity.DEBUG,
    "verbose": Severity.DEBUG,
    "info": Severity.INFO,
    "inf": Severity.INFO,
    "information": Severity.INFO,
    "informational": Severity.INFO,
    "notice": Severity.INFO,
    "hinweis": Severity.INFO,
    "información": Severity.INFO,
    "informação": Severity.INFO,
    "информация": Severity.INFO,
    "инфо": Severity.INFO,
    "信息": Severity.INFO,
    "資訊": Severity.INFO,
    "情報": Severity.INFO,
    "정보": Severity.INFO,
    "warn": Severity.WARN,
    "warning": Severity.WARN,
    "wrn": Severity.WARN,
    "warnung": Severity.WARN,
    "avertissement": Severity.WARN,
    "advertencia": Severity.WARN,
    "aviso": Severity.WARN,
    "avviso": Severity.WARN,
    "предупреждение": Severity.WARN,
    "警告": Severity.WARN,
    "err": Severity.ERROR,
    "error": Severity.ERROR,
    "severe": Severity.ERROR,
    "fehler": Severity.ERROR,
    "erreur": Severity.ERROR,
    "erro": Severity.ERROR,
    "errore": Severity.ERROR,
    "ошибка": Severity.ERROR,
    "错误": Severity.ERROR,
    "エラー": Severity.ERROR,
    "failure": Severity.ERROR,
    "crit": Severity.FATAL,
    "critical": Severity.FATAL,
    "alert": Severity.FATAL,
    "emerg": Severity.FATAL,
    "emergency": Severity.FATAL,
    "ftl": Severity.FATAL,
    "panik": Severity.FATAL,
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
_LEADING = re.compile(rf"^[\W\d_]*(?:[TZ]\b[\W\d_]*)?({_LEVEL})\b[\s:,\]]", re.IGNORECASE)
_LETTER = re.compile(r"^([IWEFDV])\d{4} \d\d:|^[\d\-:. ]{14,}\s([VDIWEF])[ /]\S")
# Before the version and the time of a syslog line: facility times eight plus severity.
_PRIORITY = re.compile(r"<(\d{1,3})>1 ")
_PRIORITIES = (
    *[Severity.FATAL] * 3,
    Severity.ERROR,
    Severity.WARN,
    *[Severity.INFO] * 2,
    Severity.DEBUG,
)
_NUMERIC_LEVELS = {
    "30": Severity.INFO,
    "40": Severity.WARN,
    "50": Severity.ERROR,
    "60": Severity.FATAL,
}
_LETTERS = {
    "V": Severity.DEBUG,
    "D": Severity.DEBUG,
    "I": Severity.INFO,
    "W": Severity.WARN,
    "E": Severity.ERROR,
    "F": Severity.FATAL,
}
# How programs say that they, or a part of their work, did not succeed.
_UNSUCCESSFUL = re.compile(
    r"\bexit(?:ed|ing|s)?(?: with)?(?: (?:status|code|status code))?[ :=]{1,2}[1-9]\d{0,2}\b"
    r"|\b(?:return(?:ed)?|exit|status) code:? [1-9]\d{0,2}\b"
    r"|(?i:\b[1-9]\d{0,6} (?:\w+ )?(?:failed|failures?|errors?)\b)"
    r"|(?<![\w.-])(?:FAIL|FAILED|FAILURE)(?![\w.=-])|[\u2715-\u2718\u274c]|^\s*not ok \d"
    r"|(?i:\b[1-9]\d{0,6} failing\b)"
)
# How programs say that a named thing went well, before its name or after it.
_PASSED = re.compile(
    r"^\W*PASS(?:ED)?\b(?!\s*[:=]?\s*\d)|^[\s\d.:)]*[\u2713\u2714\u2705]|^\s*ok \d+\b"
    r"|^ok\s+\S+\s+(?:\d|\(cached\))"
    r"|^\[\s*OK\s*\]|(?i:\b(?:succeeded|recovered|reconnected)\b.{0,20}\bafter\b)"
    r"|(?:\s|\*\*)(?:PASS|PASSED|OK)(?:\s*[\[(][^\])]{0,40}[\])])?\s*$"
    r"|[^.]\s?\.{3,}\s*(?:ok|passed|Passed)(?:\s+[\d.]+\s?\w+)?\s*$"
)
_STAMPS = re.compile(r"^(?:[\s\[(|]*\d[\dT:.,Z+/-]{5,}[\])|]*\s+)+")
_NOT_PASSED = re.compile(
    r"(?<![\w.-])(?:FAIL|FAILED|FAILURE|ERROR|FATAL)(?![\w.=-])|[\u2715-\u2718\u274c]"
    r"|(?i:\b[1-9]\d{0,6} (?:failed|failing)\b(?! (?:attempt|tr[iy]|retr))|\bfailed[:=]\s?[1-9])"
)
# What is asked for, where it lies and how a program is called tells nothing of how it went.
_PLACE = re.compile(
    r"(?<![\w.])/[\w.%~/-]*(?:\?[^\s\"']*)?|(?<![\w.-])[\w-]++\.[a-z]{1,4}\b(?![.(])|(?<!\S)-(?:W|-?[a-z])[\w-]*"
)
_DEPRECATED = re.compile(r"(?i)\bdeprecat(?:ed|ion)\b")


def stated(text: str) -> Severity | None:
    """The level that a line states in its first 160 characters, or None."""
    head = text[:_HEAD_CHARS]
    for pattern in (_FIELD, _UPPER, _BRACKETED, _LEADING):
        match = pattern.search(head)
        if match:
            return _NAMES[match.group(1).lower()]
    priority = _PRIORITY.match(head)
    if priority:
        return _PRIORITIES[int(priority.group(1)) % 8]
    letter = _LETTER.search(head)
    if letter:
        return _LETTERS[letter.group(1) or letter.group(2)]
    return None


def severity_of(text: str) -> Severity:
    """The stated level, else one inferred from words such as "failed" or "panic"."""
    level = stated(text)
    if level is not None:
        return level
    if not may_alarm(text) or has_passed(text):
        return Severity.INFO
    worst = _of_words(NONE_FAILED.sub("", _PLACE.sub("", text)))
    return min(worst, Severity.WARN) if _DEPRECATED.search(text) else worst


def _of_words(text: str) -> Severity:
    if GRAVE.search(text):
        return Severity.FATAL
    if _UNSUCCESSFUL.search(text) or BAD.search(text):
        return Severity.ERROR
    return Severity.WARN if DOUBTFUL.search(text) else Severity.INFO


def has_passed(text: str) -> bool:
    """Whether a line says that a named thing, whatever it is called, went well."""
    said = _STAMPS.sub("", text, count=1)
    return bool(_PASSED.search(said)) and not _NOT_PASSED.search(said)


def value_severity(value: str) -> Severity:
    """What a status or a numeric level says by itself; the lowest when it says nothing."""
    if len(value) == 3 and value.startswith("5"):
        return Severity.WARN
    return _NUMERIC_LEVELS.get(value, Severity.DEBUG)


def has_alarming_word(word: str) -> bool:
    """Whether a text speaks of failure; such a word must never become a wildcard."""
    return may_alarm(word) and any(each.search(word) for each in (GRAVE, BAD, DOUBTFUL))
