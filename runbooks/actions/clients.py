"""kubectl and docker: programs of this machine that are pointed at a target.

The target's flags stand before everything else, and an argv that brings its own is refused, so that
no word of a runbook can lead the command to another place.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
from collections.abc import AsyncGenerator

from ..errors import ProposalError
from ..targets import DockerTarget, KubernetesTarget, Targets, target_name
from .base import ActionContext, ActionEvent
from .command import CommandRunner
from .kinds import Action, CommandAction, DockerAction, KubernetesAction
from .pump import failed

_ELSEWHERE = frozenset(
    [
        "--as",
        "--as-group",
        "--as-uid",
        "--as-user-extra",
        "--certificate-authority",
        "--client-certificate",
        "--client-key",
        "--cluster",
        "--context",
        "--insecure-skip-tls-verify",
        "--kubeconfig",
        "--kuberc",
        "--password",
        "--server",
        "--tls-server-name",
        "--token",
        "--user",
        "--username",
    ]
)
_NAMESPACE = frozenset({"--namespace", "--all-namespaces"})
_GROUPED = re.compile(r"-[AwRitqhpf]*([sn]|A)")
# What may stand before `--`: an option there could take it as its value, and hide what follows.
_ENDS_WHOLE = re.compile(r"[^-].*|--[^=]+=.*|-[itq]+|--(stdin|tty|quiet)")
_DAEMON = frozenset({"-H", "--host", "--context", "-c", "--config", "--tls", "--tlsverify"})
_OWN_WORDS = frozenset({"exec", "run", "create"})


class ClientRunner:
    """Runs kubectl and docker, on the target of the action."""

    def __init__(self, targets: Targets, programs: CommandRunner | None = None) -> None:
        self._targets = targets
        self._programs = programs or CommandRunner()

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; needs the client's absolute path in the context."""
        try:
            argv = self._argv(action)
        except ProposalError as exc:
            yield failed(str(exc))
            return
        command = _own_home(argv, action.timeout_s)
        async with contextlib.aclosing(self._programs.run(command, context)) as events:
            async for event in events:
                yield event

    def _argv(self, action: Action) -> tuple[str, ...]:
        name = target_name(action)
        if isinstance(action, KubernetesAction):
            cluster = self._targets.get(name, KubernetesTarget) if name else None
            return ("kubectl", *kubectl_argv(action.argv, cluster))
        if isinstance(action, DockerAction):
            daemon = self._targets.get(name, DockerTarget) if name else None
            return ("docker", *docker_argv(action.argv, daemon))
        raise TypeError(f"not for kubectl or docker: {type(action).__name__}")


def kubectl_argv(argv: tuple[str, ...], target: KubernetesTarget | None) -> tuple[str, ...]:
    """What follows `kubectl`, with the target's flags first.

    Raises:
        ProposalError: The argv itself says which cluster, or as whom.
    """
    if target is None:
        return argv
    options = argv[: argv.index("--")] if "--" in argv else argv
    if len(options) < len(argv) and options and not _ENDS_WHOLE.fullmatch(options[-1]):
        raise ProposalError(f"'--' may be the value of {options[-1]!r}: write {options[-1]}=VALUE")
    names_namespace = False
    for word in options:
        name = word.partition("=")[0]
        grouped = _GROUPED.match(word)
        if name in _ELSEWHERE or (grouped is not None and grouped.group(1) == "s"):
            raise ProposalError(f"{word!r} is the target's to say: leave it out of the argv")
        names_namespace |= name in _NAMESPACE or grouped is not None
    flags = [f"--context={target.context}"]
    if target.kubeconfig is not None:
        flags.insert(0, f"--kubeconfig={target.kubeconfig}")
    if target.namespace and not names_namespace:
        flags.append(f"--namespace={target.namespace}")
    return (*flags, *argv)


def docker_argv(argv: tuple[str, ...], target: DockerTarget | None) -> tuple[str, ...]:
    """What follows `docker`, with the target's flag first.

    Raises:
        ProposalError: The argv itself says which daemon.
    """
    if target is None:
        return argv
    if argv[0].startswith("-"):
        raise ProposalError(f"{argv[0]!r} stands before docker's command: the target says where")
    options = () if argv[0] in _OWN_WORDS else argv
    for word in options:
        if word.partition("=")[0] in _DAEMON or re.match(r"-H.", word):
            raise ProposalError(f"{word!r} is the target's to say: leave it out of the argv")
    return (f"--host={target.host}", *argv)


def _own_home(argv: tuple[str, ...], timeout_s: float) -> CommandAction:
    """These programs keep contexts and sign-ins in the home of the user they run as."""
    home = pwd.getpwuid(os.geteuid()).pw_dir
    return CommandAction(argv=argv, timeout_s=timeout_s, env={"HOME": home})
