"""Ansible: one module, or a playbook, on the hosts of an inventory, by its command line.

Values travel as one JSON argument. Ansible would run what a value's template marks ask for, so such
values are refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
from collections.abc import AsyncGenerator
from dataclasses import replace

from ..errors import ProposalError
from ..targets import AnsibleTarget, Targets
from .base import ActionContext, ActionEvent
from .command import CommandLimits, CommandRunner
from .kinds import Action, AnsibleAction, CommandAction
from .pump import failed

_THIS_MACHINE = "localhost,"
_MARKS = ("{{", "{%", "{#")
_ENVIRONMENT = {
    "ANSIBLE_FORCE_COLOR": "0",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_RETRY_FILES_ENABLED": "0",
    "ANSIBLE_NOCOWS": "1",
    "ANSIBLE_LOCALHOST_WARNING": "0",
    "ANSIBLE_HOST_KEY_CHECKING": "1",
}


class AnsibleRunner:
    """Runs Ansible actions."""

    def __init__(self, targets: Targets, programs: CommandRunner | None = None) -> None:
        self._targets = targets
        # NOTE: Ansible's workers and its modules are many processes; it also maps much memory.
        self._programs = programs or CommandRunner(CommandLimits(memory_bytes=None))

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; needs the absolute path of Ansible's program in the context."""
        if not isinstance(action, AnsibleAction):
            raise TypeError(f"not for Ansible: {type(action).__name__}")
        try:
            target = self._targets.get(action.target, AnsibleTarget) if action.target else None
            argv = ansible_argv(action, target)
        except ProposalError as exc:
            yield failed(str(exc))
            return
        home = pwd.getpwuid(os.geteuid()).pw_dir
        command = CommandAction(
            argv=argv, timeout_s=action.timeout_s, env={**_ENVIRONMENT, "HOME": home}
        )
        # NOTE: a check needs no sandbox of ours: check mode is Ansible's own, and it copies modules.
        context = replace(context, read_only=False)
        async with contextlib.aclosing(self._programs.run(command, context)) as events:
            async for event in events:
                yield event


def ansible_program(action: AnsibleAction) -> str:
    """The program that runs an action."""
    return "ansible-playbook" if action.playbook else "ansible"


def ansible_argv(action: AnsibleAction, target: AnsibleTarget | None) -> tuple[str, ...]:
    """The command line of an action.

    Raises:
        ProposalError: A value holds template marks, or the limit names a file.
    """
    for name, value in action.arguments.items():
        if any(mark in value for mark in _MARKS):
            raise ProposalError(f"argument {name!r} holds template marks, which Ansible would run")
    if "@" in action.limit or action.limit.startswith("-"):
        raise ProposalError(f"limit {action.limit!r} names no hosts")
    inventory = str(target.inventory) if target is not None else _THIS_MACHINE
    options = [f"--inventory={inventory}"]
    if target is None:
        options.append("--connection=local")
    if action.check:
        options.append("--check")
    if action.limit:
        options.append(f"--limit={action.limit}")
    values = json.dumps(dict(action.arguments), sort_keys=True)
    if action.playbook:
        variables = [f"--extra-vars={values}"] if action.arguments else []
        return ("ansible-playbook", *options, *variables, "--", action.playbook)
    arguments = [f"--args={values}"] if action.arguments else []
    return ("ansible", *options, f"--module-name={action.module}", *arguments, "--", "all")
