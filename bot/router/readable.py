"""A request as the router reads it: nothing invisible, no template tokens, of bounded length."""

from __future__ import annotations

from bot.skills.generation import as_data

_HEAD, _TAIL = 900, 300
_TOKEN_MARK = "[token]"  # noqa: S105 - what `as_data` writes, not a secret


def readable(text: str) -> str:
    """Beginning and end of a text, without characters that nobody sees.

    A question about a long paste stands before or after it.
    """
    if len(text) > 2 * (_HEAD + _TAIL):
        text = f"{text[: 2 * _HEAD]}\n{text[-2 * _TAIL :]}"
    text = as_data(text).replace(_TOKEN_MARK, " ").strip()
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]}\n{text[-_TAIL:]}"
