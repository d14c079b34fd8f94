"""What somebody may approve: one immutable record, sealed by its SHA-256.

The hash is over the record's canonical bytes. Those bytes are stored, and are hashed again whenever
they are read, so what runs is what was approved or nothing runs.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter, ValidationError

from .actions.kinds import ParameterValue
from .binding import BoundStep
from .canonical import canonical
from .errors import ProposalError
from .schema import Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRef:
    """Who did something.

    Attributes:
        team_id: Workspace of the account; "local" for the terminal.
        name: For people to read; never compared.
    """

    team_id: str
    user_id: str
    name: str

    @property
    def account(self) -> tuple[str, str]:
        """What identifies the person: team and user id."""
        return self.team_id, self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a proposal was asked for; both fields are empty for the terminal."""

    channel_id: str
    thread_ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookRef:
    """The runbook a proposal was made from.

    Attributes:
        digest: SHA-256 (hex) of the runbook's file.
    """

    name: str
    title: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewResult:
    """What a step's read-only preview showed.

    Attributes:
        output: Redacted and bounded.
        detail: How it ended, for example "exit 0" or "timed out after 10 s".
        checked_at: Aware UTC.
    """

    step_id: str
    ok: bool
    output: str
    detail: str
    checked_at: datetime


class Origin(StrEnum):
    """Where the value of a parameter comes from; its value is what a card says."""

    SAID = "said"
    ALERT = "alert label"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that an approval binds.

    Attributes:
        parameters: Every parameter of the runbook with its value.
        origins: Where each of these values comes from.
        environment: Name from the settings, for example "production".
        target: Where steps run that name no target; "local" is this machine.
        run_as: user@host of the process that will run it.
        environment_names: Variables that the programs will see.
        executables: Program as written in an argv -> absolute path found when proposed.
        why: One or two sentences; data, never an instruction.
        evidence: Quoted lines and citations.
        expires_at: Aware UTC; from that moment on it can neither be approved nor run.
        n_approvals: Distinct people that must approve, >= 1.
        targets: Facts of every target that is named, without secrets.
        replaces: The proposal whose values somebody edited to make this one.
        undoes: The proposal whose run this one would roll back.
        files: Path -> SHA-256 (hex) of what a step reads as its program: playbooks, inventories.
    """

    runbook: RunbookRef
    parameters: Mapping[str, ParameterValue]
    steps: tuple[BoundStep, ...]
    environment: str
    target: str
    run_as: str
    environment_names: tuple[str, ...]
    executables: Mapping[str, str]
    why: str
    evidence: tuple[str, ...]
    previews: tuple[PreviewResult, ...]
    requester: ActorRef
    where: Place
    created_at: datetime
    expires_at: datetime
    risk: Risk
    n_approvals: int
    targets: Mapping[str, str] = field(default_factory=dict[str, str])
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    replaces: int | None = None
    undoes: int | None = None
    files: Mapping[str, str] = field(default_factory=dict[str, str])

    def preview_of(self, step_id: str) -> PreviewResult | None:
        """The preview of a step, if it has one."""
        return next((found for found in self.previews if found.step_id == step_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A stored plan.

    Attributes:
        sha256: Hex, over the plan's canonical bytes.
    """

    proposal_id: int
    plan: Plan
    sha256: str

    @property
    def short_sha256(self) -> str:
        """First and last characters of the hash, for cards."""
        return f"{self.sha256[:4]}…{self.sha256[-2:]}"


def seal(plan: Plan) -> tuple[bytes, str]:
    """Turn a plan into the bytes to store and their SHA-256 (hex)."""
    payload = canonical(plan)
    return payload, hashlib.sha256(payload).hexdigest()


def unseal(proposal_id: int, payload: bytes, sha256: str) -> Proposal:
    """Read a stored plan, if nobody changed it.

    Args:
        payload: As stored.
        sha256: As stored beside it, hex.

    Raises:
        ProposalError: The bytes do not have this hash, or are no plan.
    """
    if not hmac.compare_digest(hashlib.sha256(payload).hexdigest(), sha256):
        raise ProposalError(
            f"the record of proposal #{proposal_id} was changed after it was made: it will not run"
        )
    try:
        plan = _plans().validate_json(payload)
    except ValidationError as exc:
        raise ProposalError(f"the record of proposal #{proposal_id} cannot be read") from exc
    return Proposal(proposal_id=proposal_id, plan=plan, sha256=sha256)


@cache
def _plans() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)
