"""The approval card: everything that an approval binds, and then the run it allowed."""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.case import Case
from runbooks.lifecycle import ProposalState, is_final
from runbooks.proposal import Plan
from runbooks.standing import Standing
from runbooks.successors import undo_steps

from ..runs import CaseView, RunView
from .blocks import Block, button, context, header, section
from .card_steps import bound_blocks, preview_text, too_much
from .mrkdwn import code_block, date_token, escape
from .posting import Rendered

APPROVE_ACTION = "proposal_approve"
REJECT_ACTION = "proposal_reject"
PREVIEW_ACTION = "proposal_preview"
STOP_ACTION = "run_stop"
DONE_ACTION = "run_step_done"
FAILED_ACTION = "run_step_failed"
EDIT_ACTION = "proposal_edit"
UNDO_ACTION = "proposal_undo"
GLASS_ACTION = "break_glass_ask"
CONFIRM_GLASS_ACTION = "break_glass_confirm"
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
            f"sha256 `{proposal.short_sha256}`"
        ),
    ]
    hidden = too_much(plan)
    if hidden:
        blocks.append(section(f":no_entry: It cannot be approved here: {escape(hidden)}."))
    else:
        blocks.extend(bound_blocks(plan))
    if plan.why:
        blocks.append(section(f"*Why*\n{code_block(plan.why, 900)}"))
    blocks.extend(_outcome(view))
    return Rendered(text=f"{escape(title)}: {words}", blocks=[_literal(each) for each in blocks])


def _literal(block: Block) -> Block:
    """Slack makes no links or mentions of what merely looks like one."""
    texts: list[Block] = [block.get("text") or {}, *block.get("elements", ())]
    for text in texts:
        if text.get("type") == "mrkdwn":
            text["verbatim"] = True
    return block


def preview_blocks(proposal_id: int, plan: Plan) -> list[Block]:
    """What a repeated dry run showed, step by step."""
    head = context(f"dry run of proposal #{proposal_id}; the proposal itself is unchanged")
    previews = [
        section(f"*{number}. {escape(step.title)}*\n{preview_text(shown)}")
        for number, step in enumerate(plan.steps, start=1)
        if (shown := plan.preview_of(step.step_id)) is not None
    ]
    return [head, *(previews or [section("This proposal declares no dry run.")])]


def reminder_blocks(case: Case, standing: Standing) -> list[Block]:
    """That a proposal still waits, for whom, and until when."""
    plan = case.proposal.plan
    title = f"#{case.proposal.proposal_id} {plan.runbook.title}"
    words = f":hourglass: *{escape(title)}* still waits for {escape(standing.needs)}"
    return [context(f"{words}  ·  expires {date_token(plan.expires_at)}, then it will not run")]


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
        if view.run.finished is not None:
            blocks.append(section(f"{_STATES[view.state][0]} {_end(view.run)}"))
        blocks.extend(_run(view.run))
    elif view.case.reason:
        blocks.append(context(escape(view.case.reason)))
    if view.state is ProposalState.RUNNING:
        run = view.run or RunView()
        blocks.extend(_running_buttons(view.case.proposal.proposal_id, run))
    return [*blocks, *_undo_button(view)]


def _waiting(view: CaseView) -> list[Block]:
    proposal, plan = view.case.proposal, view.case.proposal.plan
    if too_much(plan):
        return []
    value = str(proposal.proposal_id)
    return [
        context(f"*Needs*  {escape(_needs(view))}  ·  expires {date_token(plan.expires_at)}"),
        *(context(f":warning: {escape(note)}") for note in _notes(view)),
        {
            "type": "actions",
            "block_id": f"proposal-{value}",
            "elements": [
                button("Approve", APPROVE_ACTION, value, "primary"),
                button("Reject…", REJECT_ACTION, value, "danger"),
                *([button("Edit…", EDIT_ACTION, value)] if _is_editable(plan) else []),
                *([button("Dry run again", PREVIEW_ACTION, value)] if plan.previews else []),
                *([button("Break glass…", GLASS_ACTION, value)] if _offers_glass(view) else []),
            ],
        },
    ]


def _is_editable(plan: Plan) -> bool:
    return bool(plan.parameters) and plan.undoes is None


def _offers_glass(view: CaseView) -> bool:
    return view.standing is not None and view.standing.offers_break_glass


def _undo_button(view: CaseView) -> list[Block]:
    """Offered once a run is over whose steps say how to undo them."""
    if not is_final(view.state) or not undo_steps(view.case):
        return []
    value = str(view.case.proposal.proposal_id)
    return [
        {
            "type": "actions",
            "block_id": f"proposal-{value}",
            "elements": [button("Propose undo", UNDO_ACTION, value)],
        }
    ]


def _needs(view: CaseView) -> str:
    if view.standing is not None:
        return view.standing.needs
    plan = view.case.proposal.plan
    return f"{plan.n_approvals} of the approvers"


def _notes(view: CaseView) -> tuple[str, ...]:
    return view.standing.notes if view.standing is not None else ()


def _run(run: RunView) -> list[Block]:
    blocks: list[Block] = []
    if run.step:
        blocks.append(context(f":hourglass_flowing_sand: {escape(run.step)}"))
    if run.lines:
        blocks.append(section(code_block("\n".join(run.lines), 2400)))
    if run.marks:
        blocks.append(section(_marks(run.marks)))
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
    left = "" if "; not done: " in run.finished.reason else left
    return escape(f"{run.finished.reason}  ·  {run.finished.seconds:.1f} s{left}")
