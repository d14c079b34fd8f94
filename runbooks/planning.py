"""From a runbook and what was asked to everything that an approval will bind."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .actions.command import BASE_ENVIRONMENT_NAMES
from .actions.output import safe_text
from .binding import BoundStep, bind, resolve
from .errors import ProposalError
from .policy import Policy
from .proposal import ActorRef, Place, Plan, PreviewResult, RunbookRef
from .schema import Action, CommandAction, ParameterValue, Runbook

MAX_WHY_CHARS = 2000
MAX_EVIDENCE = 20
_OURS = re.compile(r"(SLACK|OPSBOT)_\w*")
_MISLEADS = re.compile(r"PATH|LD_\w+|BASH_ENV|ENV|IFS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the operator has set for this installation.

    Attributes:
        variables: For `{{ vars.name }}`.
        target: Where steps run; "local" is this machine.
    """

    environment: str
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    target: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRequest:
    """What somebody asked for.

    Attributes:
        values: What was given for the runbook's parameters.
        why: One or two sentences for the card; data, never an instruction.
        evidence: Quoted lines and citations; data.
    """

    runbook: Runbook
    values: Mapping[str, ParameterValue | str]
    requester: ActorRef
    where: Place
    why: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Groundwork:
    """What is known of a plan before its previews have run."""

    steps: tuple[BoundStep, ...]
    parameters: Mapping[str, ParameterValue]
    executables: Mapping[str, str]
    environment_names: tuple[str, ...]


def lay_ground(request: ProposalRequest, site: Site) -> Groundwork:
    """Fill a runbook's placeholders and find its programs.

    Raises:
        ParameterError: A value is missing or wrong.
        VariableError: The runbook refers to a variable that is not set.
        ProposalError: A program is not on this machine, or an environment name is not allowed.
    """
    steps = bind(request.runbook, request.values, site.variables)
    commands = tuple(_commands(steps))
    return Groundwork(
        steps=steps,
        parameters=resolve(request.runbook, request.values),
        executables={name: find_executable(name) for name in _programs(commands)},
        environment_names=_environment_names(commands),
    )


def make_plan(
    request: ProposalRequest,
    site: Site,
    ground: Groundwork,
    previews: tuple[PreviewResult, ...],
    policy: Policy,
    now: datetime,
) -> Plan:
    """Put together what an approval binds.

    Args:
        now: Aware UTC; the proposal expires `policy.ttl_s` later.
    """
    runbook = request.runbook
    return Plan(
        runbook=RunbookRef(
            name=runbook.name,
            title=runbook.title,
            version=runbook.version,
            digest=runbook.digest,
        ),
        parameters=ground.parameters,
        steps=ground.steps,
        environment=site.environment,
        target=site.target,
        run_as=run_as(),
        environment_names=ground.environment_names,
        executables=ground.executables,
        why=safe_text(request.why[:MAX_WHY_CHARS]),
        evidence=tuple(safe_text(line) for line in request.evidence[:MAX_EVIDENCE]),
        previews=previews,
        requester=request.requester,
        where=request.where,
        created_at=now,
        expires_at=now + timedelta(seconds=policy.ttl_s),
        risk=runbook.risk,
        n_approvals=policy.n_approvals[runbook.risk],
    )


def run_as() -> str:
    """Who a step would run as now: user@host."""
    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return f"{user}@{socket.gethostname()}"


def find_executable(program: str) -> str:
    """Find a program as an absolute path.

    Args:
        program: A name to be looked up, or an absolute path.

    Raises:
        ProposalError: It is not there, cannot be executed, or is a relative path.
    """
    if "/" in program and not program.startswith("/"):
        raise ProposalError(f"{program!r} is a relative path: name the program or its full path")
    found = shutil.which(program)
    if found is None:
        raise ProposalError(f"{program!r} is not installed on this machine, so it cannot be run")
    if not os.path.isabs(found):
        raise ProposalError(f"{program!r} was found in a relative folder of PATH ({found})")
    return found


def _commands(steps: tuple[BoundStep, ...]) -> Iterator[CommandAction]:
    """What a run or a preview may start; a rollback is another proposal's matter."""
    for step in steps:
        actions: tuple[Action | None, ...] = (
            step.action,
            step.preview,
            step.verify.action if step.verify else None,
        )
        yield from (action for action in actions if isinstance(action, CommandAction))


def _programs(commands: tuple[CommandAction, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(command.argv[0] for command in commands))


def _environment_names(commands: tuple[CommandAction, ...]) -> tuple[str, ...]:
    declared = {name for command in commands for name in command.env}
    for name in sorted(declared):
        if _OURS.fullmatch(name) or _MISLEADS.fullmatch(name):
            raise ProposalError(f"a step may not set the environment variable {name}")
    return tuple(sorted({*BASE_ENVIRONMENT_NAMES, *declared}))
