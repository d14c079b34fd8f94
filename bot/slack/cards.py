"""The approval card: everything that an approval binds, and then the run it allowed."""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.binding import BoundStep
from runbooks.lifecycle import ProposalState
from runbooks.proposal import Plan, PreviewResult

from ..commands_text import action_text, verify_text
from ..runs import CaseView, RunView
from .blocks import Block, button, context, header, section
from .mrkdwn import code_block, date_token, escape
from .posting import Rendered
from .value_table import value_blocks

APPROVE_ACTION = "proposal_approve"
REJECT_ACTION = "proposal_reject"
PREVIEW_ACTION = "proposal_preview"
STOP_ACTION = "run_stop"
DONE_ACTION = "run_step_done"
FAILED_ACTION = "run_step_failed"
MAX_COMMAND_CHARS = 2500
PREVIEW_LINES = 10
_MAX_ASKED = 3
_MAX_MARKS = 20
_STATES: Mapping[ProposalState, tuple[str, str]] = {
    ProposalState.PENDING: (":large_yellow_circle:", "waiting for approval"),
    ProposalState.APPROVED: (":large_blue_circle:", "approved, starting"),
    ProposalState.RUNNING: (":large_blue_circle:", "running"),
    ProposalState.SUCCEEDED: (":large_green_circle:", "succeeded"),
    ProposalState.FAILED: (":red_circle:", "failed"),
    ProposalState.REJECTED: (":white_circle:", "rejected, not run"),
    ProposalState.EXPIRED: (":white_circle:", "expired, not run"),
    ProposalState.UNKNOWN: (":large_orange_circle:", "unknown: check before repeating"),
}


def card(view: CaseView) -> Rendered:
    """Render a proposal in its present state."""
    proposal, plan = view.case.proposal, view.case.proposal.plan
    mark, words = _STATES[view.state]
    title = f"Proposal #{proposal.proposal_id} · {plan.runbook.title}"
    blocks: list[Block] = [
        header(title),
        context(
            f"{mark} *{words}*  ·  risk: *{escape(plan.risk.value.replace('_', ' '))}*  ·  "
            f"{escape(plan.environment)}  ·  as {escape(plan.run_as)}  ·  "
            f"sha256 `{proposal.short_sha256}`  ·  "
            f"runbook {escape(plan.runbook.name)} v{plan.runbook.version}"
        ),
    ]
    blocks.extend(value_blocks(plan))
    for step in plan.steps:
        blocks.extend(_step(step, plan))
    if plan.why:
        blocks.append(section(f"*Why*\n{code_block(plan.why, 900)}"))
    blocks.extend(_outcome(view))
    return Rendered(text=f"{escape(title)}: {words}", blocks=blocks)


def _step(step: BoundStep, plan: Plan) -> list[Block]:
    command = action_text(step.action, plan.executables)
    if len(command) > MAX_COMMAND_CHARS:
        return [section(":no_entry: The command is too long to show whole, so it cannot be run.")]
    blocks = [section(f"*Runs exactly*\n{code_block(command)}")]
    preview = plan.preview_of(step.step_id)
    if preview is not None:
        blocks.append(section(_preview(preview)))
    small: list[str] = []
    if step.verify is not None:
        small.append(f"*Afterwards*  {escape(verify_text(step.verify, plan.executables))}")
    undo = (
        escape(action_text(step.rollback, plan.executables)) if step.rollback else "none declared"
    )
    blocks.append(context("  ·  ".join([*small, f"*Undo*  {undo}"])))
    return blocks


def preview_blocks(proposal_id: int, previews: tuple[PreviewResult, ...]) -> list[Block]:
    """What a repeated dry run showed."""
    head = context(f"dry run of proposal #{proposal_id}; the proposal itself is unchanged")
    shown = [section(_preview(preview)) for preview in previews]
    return [head, *(shown or [section("This proposal declares no dry run.")])]


def _preview(preview: PreviewResult) -> str:
    state = "" if preview.ok else " :warning:"
    return (
        f"*Dry run*{state}  {escape(preview.detail)}, checked {date_token(preview.checked_at)}\n"
        f"{code_block(_first_lines(preview.output))}"
    )


def _first_lines(output: str) -> str:
    lines = output.strip().splitlines() or ["(no output)"]
    left = len(lines) - PREVIEW_LINES
    more = [f"… {left} more lines"] if left > 0 else []
    return "\n".join([*lines[:PREVIEW_LINES], *more])


def _outcome(view: CaseView) -> list[Block]:
    if view.state is ProposalState.PENDING:
        return _waiting(view)
    blocks: list[Block] = []
    if view.case.approvals:
        names = ", ".join(
            f"{escape(given.actor.name)} ({date_token(given.at)})" for given in view.case.approvals
        )
        blocks.append(context(f":white_check_mark: approved by {names}"))
    if view.run is not None:
        blocks.extend(_run(view.run))
    elif view.case.reason:
        blocks.append(context(escape(view.case.reason)))
    if view.state is ProposalState.RUNNING:
        run = view.run or RunView()
        blocks.extend(_running_buttons(view.case.proposal.proposal_id, run))
    return blocks


def _waiting(view: CaseView) -> list[Block]:
    proposal, plan = view.case.proposal, view.case.proposal.plan
    given = len(view.case.approvals)
    so_far = f", {given} so far" if given else ""
    needs = f"{plan.n_approvals} approver{'s' if plan.n_approvals > 1 else ''}{so_far}"
    if len(_longest_command(plan)) > MAX_COMMAND_CHARS:
        return []
    value = str(proposal.proposal_id)
    return [
        context(
            f"*Needs*  {needs}, not the requester ({escape(plan.requester.name)})  ·  "
            f"expires {date_token(plan.expires_at)}"
        ),
        {
            "type": "actions",
            "block_id": f"proposal-{value}",
            "elements": [
                button("Approve", APPROVE_ACTION, value, "primary"),
                button("Reject…", REJECT_ACTION, value, "danger"),
                button("Dry run again", PREVIEW_ACTION, value),
            ],
        },
    ]


def _longest_command(plan: Plan) -> str:
    commands = (action_text(step.action, plan.executables) for step in plan.steps)
    return max(commands, key=len, default="")


def _run(run: RunView) -> list[Block]:
    blocks: list[Block] = []
    if run.step:
        blocks.append(context(f":hourglass_flowing_sand: {escape(run.step)}"))
    if run.lines:
        blocks.append(section(code_block("\n".join(run.lines), 2400)))
    if run.marks:
        blocks.append(section(_marks(run.marks)))
    if run.finished is not None:
        blocks.append(context(_end(run)))
    return blocks


def _marks(marks: tuple[str, ...]) -> str:
    """The newest marks, those before counted."""
    n_before = max(0, len(marks) - _MAX_MARKS)
    before = [f"… {n_before} results before these"] if n_before else []
    return "\n".join([*before, *(escape(mark) for mark in marks[n_before:])])


def _running_buttons(proposal_id: int, run: RunView) -> list[Block]:
    """What people may tell a run: how a step that they do went, and to stop."""
    blocks: list[Block] = []
    for asked in run.asked[:_MAX_ASKED]:
        value = f"{proposal_id} {asked.step_id}"
        minutes = f"{asked.within_s / 60:g} min"
        blocks += [
            section(f":raised_hand: *Please do, then say so* (within {minutes})"),
            section(code_block(asked.instructions, 2400)),
            _actions(
                f"manual-{value}"[:255],
                button("Done", DONE_ACTION, value, "primary"),
                button("Failed", FAILED_ACTION, value, "danger"),
            ),
        ]
    stop = button("Stop", STOP_ACTION, str(proposal_id), "danger")
    return [*blocks, _actions(f"run-{proposal_id}", stop)]


def _actions(block_id: str, *elements: Block) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def _end(run: RunView) -> str:
    if run.finished is None:
        return ""
    left = f"  ·  not done: {', '.join(run.finished.not_done)}" if run.finished.not_done else ""
    return escape(f"{run.finished.reason}  ·  {run.finished.seconds:.1f} s{left}")
