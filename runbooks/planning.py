"""From a runbook and what was asked to everything that an approval will bind."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from .actions.ansible import ansible_program
from .actions.command import BASE_ENVIRONMENT_NAMES
from .actions.kinds import (
    Action,
    AnsibleAction,
    CommandAction,
    DockerAction,
    KubernetesAction,
    ParameterValue,
)
from .actions.output import safe_text
from .binding import BoundStep, bind, resolve
from .bound_files import bound_files
from .errors import ProposalError
from .filled import check_filled
from .policy import Policy
from .proposal import ActorRef, Origin, Place, Plan, PreviewResult, RunbookRef
from .schema import Risk, Runbook
from .targets import Target, Targets

MAX_WHY_CHARS = 2000
MAX_EVIDENCE = 20
_OURS = re.compile(r"(SLACK|OPSBOT)_\w*")
_MISLEADS = re.compile(r"PATH|LD_\w+|BASH_ENV|ENV|IFS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the operator has set for this installation.

    Attributes:
        environment: Of this machine, and of targets that name none.
        variables: For `{{ vars.name }}`.
        target: Where steps run that name no target; "local" is this machine.
    """

    environment: str
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    target: str = "local"
    targets: Targets = field(default_factory=Targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRequest:
    """What somebody asked for.

    Attributes:
        values: What was given for the runbook's parameters.
        origins: Where these values come from; those not named here were said.
        why: One or two sentences for the card; data, never an instruction.
        evidence: Quoted lines and citations; data.
    """

    runbook: Runbook
    values: Mapping[str, ParameterValue | str]
    requester: ActorRef
    where: Place
    why: str = ""
    evidence: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a proposal says about itself, beside its steps; see `Plan` for the fields."""

    runbook: RunbookRef
    risk: Risk
    requester: ActorRef
    where: Place
    why: str = ""
    evidence: tuple[str, ...] = ()
    replaces: int | None = None
    undoes: int | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])


def head_of(request: ProposalRequest, replaces: int | None = None) -> Head:
    """The head of a proposal to run a runbook."""
    runbook = request.runbook
    return Head(
        runbook=RunbookRef(
            name=runbook.name,
            title=runbook.title,
            version=runbook.version,
            digest=runbook.digest,
        ),
        risk=runbook.risk,
        requester=request.requester,
        where=request.where,
        why=request.why,
        evidence=request.evidence,
        replaces=replaces,
        origins={name: request.origins.get(name, Origin.SAID) for name in request.values},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Groundwork:
    """What is known of a plan before its previews have run."""

    steps: tuple[BoundStep, ...]
    parameters: Mapping[str, ParameterValue]
    executables: Mapping[str, str]
    environment_names: tuple[str, ...]
    environment: str
    targets: Mapping[str, str]
    files: Mapping[str, str]


def lay_ground(request: ProposalRequest, site: Site) -> Groundwork:
    """Fill a runbook's placeholders and find its programs.

    Raises:
        ParameterError: A value is missing or wrong.
        VariableError: The runbook refers to a variable that is not set.
        ProposalError: A program is not on this machine, an environment name is not allowed, a
            target is not in the settings, the targets are of several environments, or with
            these values a command does more than its runbook says.
    """
    steps = bind(request.runbook, request.values, site.variables)
    check_filled(request.runbook, steps)
    return ground_of(steps, resolve(request.runbook, request.values), site)


def ground_of(
    steps: tuple[BoundStep, ...], parameters: Mapping[str, ParameterValue], site: Site
) -> Groundwork:
    """Find the programs and targets of bound steps.

    Raises:
        ProposalError: As for `lay_ground`.
    """
    named = site.targets.named_by(_actions(steps))
    return Groundwork(
        steps=steps,
        parameters=parameters,
        executables={name: find_executable(name) for name in _programs(steps)},
        environment_names=_environment_names(steps),
        environment=environment_of(site.environment, named),
        targets={name: target.facts for name, target in named.items()},
        files=bound_files(_actions(steps), named),
    )


def make_plan(
    head: Head,
    site: Site,
    ground: Groundwork,
    previews: tuple[PreviewResult, ...],
    policy: Policy,
    now: datetime,
) -> Plan:
    """Put together what an approval binds.

    Args:
        now: Aware UTC; the proposal expires as long after as the policy says.
    """
    terms = policy.terms(head.risk, ground.environment, now)
    return Plan(
        runbook=head.runbook,
        parameters=ground.parameters,
        origins={name: head.origins.get(name, Origin.DEFAULT) for name in ground.parameters},
        steps=ground.steps,
        environment=ground.environment,
        target=site.target,
        targets=ground.targets,
        run_as=run_as(),
        environment_names=ground.environment_names,
        executables=ground.executables,
        why=safe_text(head.why)[:MAX_WHY_CHARS],
        evidence=tuple(safe_text(line) for line in head.evidence[:MAX_EVIDENCE]),
        previews=previews,
        requester=head.requester,
        where=head.where,
        created_at=now,
        expires_at=now + timedelta(seconds=terms.ttl_s),
        risk=head.risk,
        n_approvals=terms.n_approvals,
        replaces=head.replaces,
        undoes=head.undoes,
        files=ground.files,
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
    if anybody_could_replace(Path(found)):
        raise ProposalError(f"{found} could be replaced by anybody on this machine: it is not run")
    return found


def anybody_could_replace(program: Path) -> bool:
    """Whether a program, a link to it or a folder above them can be written by everybody.

    What is bound is the path, not the content: updates may come between. So only those who keep the
    machine may be able to change what lies there; a folder with the sticky bit protects its entries.
    """
    for place in {program, *program.parents, program.resolve(), *program.resolve().parents}:
        mode = place.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & stat.S_IWOTH:
            continue
        if not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
            return True
    return False


def _actions(steps: tuple[BoundStep, ...]) -> Iterator[Action]:
    """What a run or a preview may do; a rollback is another proposal's matter."""
    for step in steps:
        actions: tuple[Action | None, ...] = (
            step.action,
            step.preview,
            step.verify.action if step.verify else None,
        )
        yield from (action for action in actions if action is not None)


def _programs(steps: tuple[BoundStep, ...]) -> tuple[str, ...]:
    """The programs of this machine that the actions start."""
    names = (_program(action) for action in _actions(steps))
    return tuple(dict.fromkeys(name for name in names if name))


def _program(action: Action) -> str:
    if isinstance(action, CommandAction):
        return action.argv[0]
    if isinstance(action, KubernetesAction):
        return "kubectl"
    if isinstance(action, AnsibleAction):
        return ansible_program(action)
    return "docker" if isinstance(action, DockerAction) else ""


def _environment_names(steps: tuple[BoundStep, ...]) -> tuple[str, ...]:
    commands = (action for action in _actions(steps) if isinstance(action, CommandAction))
    declared = {name for command in commands for name in command.env}
    for name in sorted(declared):
        if _OURS.fullmatch(name) or _MISLEADS.fullmatch(name):
            raise ProposalError(f"a step may not set the environment variable {name}")
    return tuple(sorted({*BASE_ENVIRONMENT_NAMES, *declared}))


def environment_of(own: str, named: Mapping[str, Target]) -> str:
    """The environment that the policy looks at: one for all targets of a proposal.

    Args:
        own: Of this installation; of targets that name none.

    Raises:
        ProposalError: The targets are of several environments.
    """
    names = {target.environment or own for target in named.values()}
    if len(names) > 1:
        listed = ", ".join(sorted(names))
        raise ProposalError(f"its targets are of several environments ({listed}): split it")
    return names.pop() if names else own
