"""Actions in words that a person can check: complete, redacted, with nothing invisible."""

from __future__ import annotations

import shlex
import unicodedata

from .actions.output import safe_text
from .schema import Action, HttpAction

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def describe(action: Action) -> str:
    """One line that says what an action does, all of it.

    Arguments are quoted as a POSIX shell would need them, so that their limits can be seen; no shell
    runs them.
    """
    if isinstance(action, HttpAction):
        return visible(safe_text(f"{action.method} {action.url} (expects {action.expect_status})"))
    line = shlex.join(visible(argument) for argument in action.argv)
    if action.env:
        setting = " ".join(f"{name}={shlex.quote(text)}" for name, text in action.env.items())
        line = f"{line}   with {visible(setting)}"
    if action.cwd is not None:
        line = f"{line}   in {visible(action.cwd)}"
    return safe_text(line)


def visible(text: str) -> str:
    """Write control, zero-width and direction characters as escapes such as `\\u200b`."""
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _INVISIBLE
        else character
        for character in text
    )
