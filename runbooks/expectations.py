"""Is an output what a runbook expects? Pure; hostile output cannot make it take long."""

from __future__ import annotations

import regex

from .schema import Expect

MAX_SEARCHED_CHARS = 200_000
SEARCH_LIMIT_S = 1.0
_NUMBER = regex.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")


def unmet(expect: Expect, output: str, limit_s: float = SEARCH_LIMIT_S) -> str | None:
    """Why an output is not what was expected, in a few words; None when it is.

    Args:
        output: Redacted; what goes beyond `MAX_SEARCHED_CHARS` is not what was expected.
        limit_s: Longest time for one pattern, in seconds; a search that takes longer has failed.
    """
    if len(output) > MAX_SEARCHED_CHARS:
        return f"the output has {len(output)} characters, too many to look through"
    try:
        return (
            _not_found(expect.output, output, limit_s)
            or _found(expect.absent, output, limit_s)
            or _out_of_range(expect, output)
        )
    except TimeoutError:
        return f"looking through the output took longer than {limit_s:g} s"


def first_number(text: str) -> float | None:
    """The first plain number that stands for itself: "87%" has one, "v2" and "sda1" have none."""
    found = _NUMBER.search(text)
    return float(found.group()) if found else None


def _search(pattern: str, text: str, limit_s: float) -> bool:
    compiled = regex.compile(pattern, regex.MULTILINE)
    return compiled.search(text, timeout=limit_s) is not None


def _not_found(pattern: str | None, text: str, limit_s: float) -> str | None:
    if pattern is None or _search(pattern, text, limit_s):
        return None
    return f"the output has no {pattern!r}"


def _found(pattern: str | None, text: str, limit_s: float) -> str | None:
    if pattern is None or not _search(pattern, text, limit_s):
        return None
    return f"the output has {pattern!r}"


def _out_of_range(expect: Expect, text: str) -> str | None:
    if expect.minimum is None and expect.maximum is None:
        return None
    number = first_number(text)
    if number is None:
        return "the output has no number"
    if expect.minimum is not None and number < expect.minimum:
        return f"{number:g} is less than {expect.minimum:g}"
    if expect.maximum is not None and number > expect.maximum:
        return f"{number:g} is more than {expect.maximum:g}"
    return None
