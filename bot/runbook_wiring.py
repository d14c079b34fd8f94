"""Wires the runbooks package to settings and database, for the bot and for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from bot.settings import Settings
from bot.store.audit import SqlAudit
from bot.store.proposals import SqlProposals
from bot.store.run_signals import SqlSignals
from bot.targets import build_targets
from runbooks.actions.base import ActionRunner
from runbooks.actions.explain import ExplainRunner, Wording
from runbooks.actions.kinds import ExplainAction, ManualAction, WaitAction
from runbooks.actions.local import LocalRunner
from runbooks.actions.manual import ManualRunner
from runbooks.actions.wait import WaitRunner
from runbooks.approvals import Approvals
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.break_glass import GlassDesk
from runbooks.control import RunControl
from runbooks.directory import Accounts, WithTerminal
from runbooks.executor import Executor
from runbooks.launch import LaunchCheck
from runbooks.looks import Looks
from runbooks.planning import Site
from runbooks.policy import Policy, PolicySource, parse_approvers
from runbooks.policy_keeper import PolicyKeeper
from runbooks.signals import SignalStore
from runbooks.successors import Successors


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookServices:
    """Everything that decides about and runs proposals."""

    approvals: Approvals
    executor: Executor
    control: RunControl
    audit: AuditTrail
    policy: PolicySource
    glass: GlassDesk
    successors: Successors
    looks: Looks


def build_runbook_services(
    settings: Settings,
    engine: Engine,
    directory: Accounts,
    team_id: str,
    *,
    place: str = "bot",
    wording: Wording | None = None,
) -> RunbookServices:
    """Build everything over an opened database.

    Args:
        directory: Where accounts and user groups are looked up.
        team_id: Workspace that bare user ids in the list of approvers belong to; empty for none.
        place: Where the policy holds, for the audit trail.
        wording: Words results; without it steps that explain say that they cannot.

    Raises:
        PolicyError: The list of approvers cannot be read.
        SettingsError: A target's secret cannot be read.
    """
    directory = WithTerminal(directory)
    audit = build_audit(settings, engine)
    policy = build_policy(settings, audit, directory, team_id, place)
    store = SqlProposals(engine)
    targets = build_targets(settings.runbooks)
    signals = SqlSignals(engine)
    runner = LocalRunner(_run_bound(signals, wording), targets=targets)
    site = Site(
        environment=settings.runbooks.environment,
        variables=settings.runbooks.variables,
        targets=targets,
    )
    approvals = Approvals(
        store=store,
        audit=audit,
        policy=policy,
        site=site,
        runner=runner,
        clock=utc_now,
    )
    executor = Executor(
        store=store,
        audit=audit,
        check=LaunchCheck(audit=audit, policy=policy, directory=directory, site=site),
        runner=runner,
        signals=signals,
        clock=utc_now,
    )
    return RunbookServices(
        approvals=approvals,
        executor=executor,
        control=RunControl(store=store, signals=signals, audit=audit, policy=policy, clock=utc_now),
        audit=audit,
        policy=policy,
        glass=GlassDesk(policy=policy, audit=audit, clock=utc_now),
        successors=Successors(approvals),
        looks=Looks(audit=audit, policy=policy, site=site, runner=runner, clock=utc_now),
    )


def _run_bound(signals: SignalStore, wording: Wording | None) -> dict[type, ActionRunner]:
    """Runners of what only makes sense inside a run."""
    runners: dict[type, ActionRunner] = {
        WaitAction: WaitRunner(),
        ManualAction: ManualRunner(signals),
    }
    return runners if wording is None else {**runners, ExplainAction: ExplainRunner(wording)}


def build_policy(
    settings: Settings, audit: AuditTrail, directory: Accounts, team_id: str, place: str
) -> PolicySource:
    """The policy file's rules, or without one those of the settings.

    Raises:
        PolicyError: The list of approvers cannot be read.
    """
    path = settings.runbooks.policy_file
    if path is None:
        return settings_policy(settings, team_id)
    return PolicyKeeper(
        path=path, team_id=team_id, groups=directory, audit=audit, place=place, clock=utc_now
    )


def settings_policy(settings: Settings, team_id: str) -> Policy:
    """The rules of the settings: one list of approvers for everything.

    Raises:
        PolicyError: The list of approvers cannot be read.
    """
    return Policy(
        approvers=parse_approvers(settings.runbooks.approvers, team_id=team_id),
        allow_self_approval=settings.runbooks.allow_self_approval,
        ttl_s=float(settings.runbooks.approval_ttl_s),
    )


def build_audit(settings: Settings, engine: Engine) -> AuditTrail:
    """Build the audit trail; its key and head are files in the data directory."""
    return AuditTrail(SqlAudit(engine), AuditFiles(settings.home))


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)
