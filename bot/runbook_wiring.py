"""Wires the runbooks package to settings and database, for the bot and for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from bot.settings import Settings
from bot.store.audit import SqlAudit
from bot.store.proposals import SqlProposals
from bot.targets import build_targets
from runbooks.actions.local import LocalRunner
from runbooks.approvals import Approvals
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.directory import Directory
from runbooks.executor import Executor
from runbooks.launch import LaunchCheck
from runbooks.planning import Site
from runbooks.policy import Policy, parse_approvers


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookServices:
    """Everything that decides about and runs proposals."""

    approvals: Approvals
    executor: Executor
    audit: AuditTrail
    policy: Policy


def build_runbook_services(
    settings: Settings, engine: Engine, directory: Directory, team_id: str
) -> RunbookServices:
    """Build everything over an opened database.

    Args:
        directory: Where accounts are looked up at launch.
        team_id: Workspace that bare user ids in the list of approvers belong to; empty for none.

    Raises:
        PolicyError: The list of approvers cannot be read.
        SettingsError: A target's secret cannot be read.
    """
    policy = Policy(
        approvers=parse_approvers(settings.runbooks.approvers, team_id=team_id),
        allow_self_approval=settings.runbooks.allow_self_approval,
        ttl_s=float(settings.runbooks.approval_ttl_s),
    )
    store = SqlProposals(engine)
    audit = build_audit(settings, engine)
    targets = build_targets(settings.runbooks)
    runner = LocalRunner(targets=targets)
    approvals = Approvals(
        store=store,
        audit=audit,
        policy=policy,
        site=Site(
            environment=settings.runbooks.environment,
            variables=settings.runbooks.variables,
            targets=targets,
        ),
        runner=runner,
        clock=utc_now,
    )
    executor = Executor(
        store=store,
        audit=audit,
        check=LaunchCheck(audit=audit, policy=policy, directory=directory, targets=targets),
        runner=runner,
        clock=utc_now,
    )
    return RunbookServices(approvals=approvals, executor=executor, audit=audit, policy=policy)


def build_audit(settings: Settings, engine: Engine) -> AuditTrail:
    """Build the audit trail; its key and head are files in the data directory."""
    return AuditTrail(SqlAudit(engine), AuditFiles(settings.home))


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)
