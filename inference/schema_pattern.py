"""Regular expressions of a JSON schema that a grammar can follow inside a quoted string."""

from __future__ import annotations

import re

from .errors import GrammarError

MAX_LENGTH = 512

_CLASS = re.compile(r"\[\^?[^\]]*\]")
_REPEAT = re.compile(r"\{([^}]*)\}")
_QUOTED = '"\\' + "".join(chr(code) for code in range(32))
"""Characters that JSON writes with a backslash; a pattern's text must not contain any."""


def checked_pattern(pattern: object, at: str, *, max_repeats: int) -> str:
    r"""Check a pattern and put its alternatives into one group.

    Understood are literals, `[a-z]` classes, groups, `|`, `?`, `*`, `+` and `{n,m}`, between `^`
    and `$`. Not understood are `.`, `\`, lookarounds, lazy quantifiers, and whatever could match a
    quote, a backslash or a control character.

    Raises:
        GrammarError: It is not a pattern, or says more than that.
    """
    if not isinstance(pattern, str) or len(pattern) > MAX_LENGTH:
        raise GrammarError(f"the pattern at {at} must be a text of at most {MAX_LENGTH} characters")
    fault = _fault(pattern, max_repeats)
    if fault:
        raise GrammarError(f"the pattern {pattern!r} at {at} is not supported: {fault}")
    return f"^({pattern[1:-1]})$"


def _fault(pattern: str, max_repeats: int) -> str:
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return "it must begin with ^ and end with $"
    inner = pattern[1:-1]
    if not inner:
        return "it matches nothing but the empty text"
    if any(mark in inner for mark in _QUOTED):
        return "backslashes, quotes and control characters cannot be matched"
    try:
        re.compile(inner)
    except re.error as exc:
        return str(exc)
    classes = _CLASS.findall(inner)
    if any(_may_match_quoted(each) for each in classes):
        return "a class may not contain quotes, backslashes or control characters"
    return _fault_outside_classes(_CLASS.sub("x", inner), max_repeats)


def _may_match_quoted(characters: str) -> bool:
    try:
        compiled = re.compile(characters)
    except re.error:
        return True
    return any(compiled.fullmatch(mark) for mark in _QUOTED)


def _fault_outside_classes(text: str, max_repeats: int) -> str:
    for mark in (".", "^", "$", "(?", "[", "]", "()", "(|", "|)", "||"):
        if mark in text:
            return f"{mark} is not understood"
    if text.startswith("|") or text.endswith("|"):
        return "an alternative is empty"
    if re.search(r"[*+?}][*+?{]", text):
        return "a quantifier may not follow another"
    for bounds in _REPEAT.findall(text):
        if not re.fullmatch(r"\d+(,\d*)?", bounds):
            return f"{{{bounds}}} is not a repetition"
        if max(int(n) for n in bounds.split(",") if n) > max_repeats:
            return f"a repetition goes beyond {max_repeats}"
    return ""
