"""Actions in words that a person can check: complete, redacted, with nothing invisible."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable, Mapping

from .actions.kinds import (
    Action,
    AnsibleAction,
    CommandAction,
    DockerAction,
    ExplainAction,
    HttpAction,
    KubernetesAction,
    ManualAction,
    ParameterValue,
    SqlAction,
    SshAction,
)
from .actions.output import safe_text
from .values import render, without_secrets

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def describe(action: Action) -> str:
    """One line that says what an action does, all of it.

    Arguments are quoted as a POSIX shell would need them, so that their limits can be seen; no shell
    of this machine runs them.
    """
    return safe_text(_line(action))


def value_in_words(name: str, value: ParameterValue) -> str:
    """A parameter's value for people: nothing invisible, and no secret, as its name may tell."""
    return visible(without_secrets(name, render(value)))


def _line(action: Action) -> str:
    if isinstance(action, CommandAction):
        where = f"   in {visible(action.cwd)}" if action.cwd is not None else ""
        return f"{_joined(action.argv)}{_with(action.env)}{where}"
    if isinstance(action, SshAction):
        return f"{_joined(action.argv)}{_on(action.target)}"
    if isinstance(action, KubernetesAction):
        return f"{_joined(('kubectl', *action.argv))}{_on(action.target)}"
    if isinstance(action, DockerAction):
        return f"{_joined(('docker', *action.argv))}{_on(action.target)}"
    return _structured(action)


def _structured(action: Action) -> str:
    if isinstance(action, HttpAction):
        body = f"   body {visible(action.body)}" if action.body is not None else ""
        request = visible(f"{action.method} {action.url}")
        expects = f" (expects {action.expect_status})"
        return f"{request}{expects}{_with(action.headers)}{body}{_on(action.target)}"
    if isinstance(action, SqlAction):
        mode = "may write" if action.writes else "read only"
        return (
            f"{visible(action.statement)}{_with(action.values)}{_on(action.target)} ({mode}, "
            f"at most {action.max_rows} rows)"
        )
    if isinstance(action, AnsibleAction):
        what = f"module {action.module}" if action.module else f"playbook {action.playbook}"
        limit = f" limited to {visible(action.limit)}" if action.limit else ""
        check = " in check mode" if action.check else ""
        return f"ansible {visible(what)}{check}{_with(action.arguments)}{_on(action.target)}{limit}"
    return _aside(action)


def _aside(action: Action) -> str:
    if isinstance(action, ManualAction):
        lines = "\n".join(visible(line) for line in action.instructions.splitlines())
        return f"a person does and confirms: {lines}"
    if isinstance(action, ExplainAction):
        return f"the model words the result of {action.of}: {visible(action.question)}"
    return f"wait {action.timeout_s:g} s"


def _joined(argv: Iterable[str]) -> str:
    return shlex.join(visible(argument) for argument in argv)


def _with(settings: Mapping[str, str]) -> str:
    if not settings:
        return ""
    listed = " ".join(f"{name}={shlex.quote(text)}" for name, text in settings.items())
    return f"   with {visible(listed)}"


def _on(target: str) -> str:
    return f"   on {visible(target)}" if target else ""


def visible(text: str) -> str:
    """Write control, zero-width and direction characters as escapes such as `\\u200b`."""
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _INVISIBLE
        else character
        for character in text
    )
