"""Proposals and runs in a terminal: for people as a card, for scripts as a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.cli.output import console
from bot.commands_text import action_text, bound_facts, step_terms, undo_text, verify_text
from runbooks.actions.output import safe_text
from runbooks.binding import BoundStep
from runbooks.case import Case
from runbooks.describe import describe, value_in_words, visible
from runbooks.lifecycle import ProposalState
from runbooks.proposal import Plan
from runbooks.run_events import (
    ManualAsked,
    OutputLine,
    RunEvent,
    RunFinished,
    RunResumed,
    StepSkipped,
    StepStarted,
    TryFailed,
    VerifyFinished,
)
from runbooks.schema import Risk
from runbooks.standing import Standing

_GOOD = "green"
_BAD = "red"


def print_case(case: Case, standing: Standing) -> None:
    """Print a proposal as a card, with what it still needs."""
    plan = case.proposal.plan
    title = f"Proposal #{case.proposal.proposal_id} · {plan.runbook.title}"
    body: list[RenderableType] = [_facts(case, standing)]
    body += [_step(number, step, plan) for number, step in enumerate(plan.steps, start=1)]
    console.print(Panel(Group(*body), title=Text(visible(title)), title_align="left"))
    number = case.proposal.proposal_id
    console.print(f"opsbot runbook approve {number}   opsbot runbook reject {number} --reason ...")


def _facts(case: Case, standing: Standing) -> Table:
    plan = case.proposal.plan
    minutes = (plan.expires_at - datetime.now(UTC)).total_seconds() / 60
    table = _grid()
    table.add_row("Risk", f"{plan.risk.value} · expires in {minutes:.0f} min · {case.state.value}")
    where = f"{plan.run_as} · {visible(plan.environment)}"
    table.add_row("Runs as", Text(f"{where} · sha256 {case.proposal.short_sha256}"))
    table.add_row("Environment", Text(visible(", ".join(plan.environment_names))))
    for name, facts in bound_facts(plan):
        table.add_row("Bound", Text(visible(f"{name}: {facts}")))
    if plan.why:
        table.add_row("Why", Text(visible(plan.why)))
    for name, value in plan.parameters.items():
        origin = plan.origins.get(name)
        source = f"  ({origin.value})" if origin is not None else ""
        table.add_row("With", Text(f"{name} = {value_in_words(name, value)}{source}"))
    table.add_row("Asked by", Text(visible(plan.requester.name)))
    table.add_row("Needs", Text(visible(standing.needs)))
    for note in standing.notes:
        table.add_row("", Text(visible(note), style="yellow"))
    return table


def _step(number: int, step: BoundStep, plan: Plan) -> Table:
    table = _grid()
    changes = "" if step.risk is Risk.READ_ONLY else f"  {step.risk.value} risk"
    table.add_row(f"Step {number}", Text(f"{visible(step.title)}{changes}", style="bold"))
    table.add_row("Runs exactly", Text(action_text(step.action, plan.executables), style="cyan"))
    for term in step_terms(step):
        table.add_row("", Text(visible(term)))
    preview = plan.preview_of(step.step_id)
    if preview is not None:
        shown = preview.output or "(no output)"
        table.add_row("Preview", Text(f"{shown}\n{preview.detail}", style="dim"))
    if step.verify is not None:
        table.add_row("Afterwards", Text(verify_text(step.verify, plan.executables)))
    undo = undo_text(step, plan)
    if undo:
        table.add_row("Undo", Text(undo))
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True, min_width=12)
    table.add_column(overflow="fold")
    return table


def print_cases(cases: Sequence[Case]) -> None:
    """Print proposals as a table."""
    if not cases:
        console.print("no proposals yet")
        return
    table = Table("#", "Runbook", "State", "Since (UTC)", "Asked by", "Approved by", "Reason")
    for case in cases:
        plan = case.proposal.plan
        table.add_row(
            str(case.proposal.proposal_id),
            plan.runbook.name,
            Text(case.state.value, style=_style(case.state)),
            f"{case.changed_at:%Y-%m-%d %H:%M:%S}",
            Text(visible(plan.requester.name)),
            Text(visible(", ".join(given.actor.name for given in case.approvals))),
            Text(visible(safe_text(case.reason))),
        )
    console.print(table)


def print_event(event: RunEvent, proposal_id: int) -> None:
    """Print one event of a run."""
    if isinstance(event, RunResumed | StepSkipped | TryFailed | ManualAsked):
        console.print(Text(_aside(event, proposal_id), style="yellow"))
    elif isinstance(event, StepStarted):
        place = f"{event.position + 1}/{event.n_steps}"
        console.print(Text(f"▶ {place} {visible(event.title)}", style="bold"))
    elif isinstance(event, OutputLine):
        console.print(Text(f"  {event.text}", style="dim"))
    elif isinstance(event, VerifyFinished):
        _mark(f"check: {event.detail} after {event.seconds:.1f} s", good=event.ok)
    elif isinstance(event, RunFinished):
        good = event.state is ProposalState.SUCCEEDED
        _mark(f"{event.state.value}: {event.reason} ({event.seconds:.1f} s)", good=good)
    else:
        _mark(f"{event.detail} in {event.seconds:.1f} s", good=event.ok)


def _aside(event: RunResumed | StepSkipped | TryFailed | ManualAsked, proposal_id: int) -> str:
    if isinstance(event, RunResumed):
        return f"↻ goes on after {event.n_done} of {event.n_steps} steps"
    if isinstance(event, StepSkipped):
        place = f"{event.position + 1}/{event.n_steps}"
        return f"– {place} {visible(event.title)}, skipped: {visible(event.reason)}"
    if isinstance(event, TryFailed):
        again = f"again in {event.next_in_s:g} s"
        return f"  try {event.number} of {event.n_tries}: {visible(event.detail)}; {again}"
    return (
        f"  please do: {visible(event.instructions)}\n"
        f"  then: opsbot runbook confirm {proposal_id} {event.step_id} [--failed] "
        f"(within {event.within_s:g} s)"
    )


def _mark(text: str, *, good: bool) -> None:
    sign = "✓" if good else "✗"
    console.print(Text(f"{sign} {visible(text)}", style=_GOOD if good else _BAD))


def _style(state: ProposalState) -> str:
    if state is ProposalState.SUCCEEDED:
        return _GOOD
    return _BAD if state in {ProposalState.FAILED, ProposalState.UNKNOWN} else "yellow"


def case_record(case: Case) -> dict[str, object]:
    """A proposal for scripts; commands are redacted as on the card."""
    plan = case.proposal.plan
    return {
        "proposal_id": case.proposal.proposal_id,
        "sha256": case.proposal.sha256,
        "state": case.state,
        "reason": safe_text(case.reason),
        "changed_at": case.changed_at,
        "runbook": asdict(plan.runbook),
        "risk": plan.risk,
        "environment": plan.environment,
        "environment_names": plan.environment_names,
        "targets": dict(plan.targets),
        "files": dict(plan.files),
        "target": plan.target,
        "run_as": plan.run_as,
        "requester": asdict(plan.requester),
        "created_at": plan.created_at,
        "expires_at": plan.expires_at,
        "n_approvals": plan.n_approvals,
        "approvals": [asdict(given) for given in case.approvals],
        "why": plan.why,
        "evidence": plan.evidence,
        "steps": [_step_record(position, case) for position in range(len(plan.steps))],
    }


def _step_record(position: int, case: Case) -> dict[str, object]:
    step = case.proposal.plan.steps[position]
    preview = case.proposal.plan.preview_of(step.step_id)
    done = next((known for known in case.steps if known.position == position), None)
    return {
        "step_id": step.step_id,
        "title": step.title,
        "risk": step.risk,
        "runs": describe(step.action),
        "terms": step_terms(step),
        "preview": asdict(preview) if preview is not None else None,
        "verify": describe(step.verify.action) if step.verify is not None else None,
        "rollback": describe(step.rollback) if step.rollback is not None else None,
        "result": asdict(done) if done is not None else None,
    }


def event_record(event: RunEvent) -> dict[str, object]:
    """An event for scripts; `event` names its kind."""
    return {"event": type(event).__name__, **asdict(event)}
