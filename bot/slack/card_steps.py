"""Everything that an approval binds, as blocks of a card; or why a card cannot show all of it."""

from __future__ import annotations

from collections.abc import Iterator

from runbooks.binding import BoundStep
from runbooks.proposal import Plan, PreviewResult

from ..commands_text import action_text, bound_facts, step_terms, verify_text
from .blocks import Block, context, section
from .mrkdwn import code_block, date_token, escape
from .value_table import value_texts

MAX_COMMAND_CHARS = 2700
PREVIEW_LINES = 10
_MAX_SMALL_CHARS = 1800
_UNCUT = 10**9
_MAX_BLOCKS = 38


def bound_blocks(plan: Plan) -> list[Block]:
    """Facts and steps; only for a plan of which `too_much` says nothing."""
    blocks = _blocks(plan, is_compact=False)
    if len(blocks) > _MAX_BLOCKS:
        blocks = _blocks(plan, is_compact=True)
    return blocks


def too_much(plan: Plan) -> str:
    """Why a card cannot show everything that would run; empty when it can."""
    for number, step in enumerate(plan.steps, start=1):
        command = code_block(action_text(step.action, plan.executables), _UNCUT)
        if len(command) > MAX_COMMAND_CHARS:
            return f"the command of step {number} is too long to show whole"
        if len(_small(step, plan)) > _MAX_SMALL_CHARS:
            return f"the check or the undo of step {number} is too long to show whole"
    shown = [*_facts(plan), *value_texts(plan)]
    if any(len(line) > _MAX_SMALL_CHARS for line in shown):
        return "its values or targets are too long to show whole"
    if len(_blocks(plan, is_compact=True)) > _MAX_BLOCKS:
        return f"it has {len(plan.steps)} steps, more than a card can show"
    return ""


def preview_text(preview: PreviewResult) -> str:
    """What a dry run showed, its first lines."""
    state = "" if preview.ok else " :warning:"
    return (
        f"*Dry run*{state}  {escape(preview.detail)}, checked {date_token(preview.checked_at)}\n"
        f"{code_block(_first_lines(preview.output))}"
    )


def _blocks(plan: Plan, *, is_compact: bool) -> list[Block]:
    blocks = [*map(context, _facts(plan)), *map(section, value_texts(plan))]
    for step in plan.steps:
        command = code_block(action_text(step.action, plan.executables))
        shown = section(f"*Runs exactly*\n{command}")
        if is_compact:
            blocks.append(shown)
        else:
            blocks.extend((shown, *_preview(step, plan)))
        blocks.append(context(_small(step, plan)))
    return blocks


def _preview(step: BoundStep, plan: Plan) -> Iterator[Block]:
    preview = plan.preview_of(step.step_id)
    if preview is not None:
        yield section(preview_text(preview))


def _facts(plan: Plan) -> list[str]:
    """Who asked, and where it runs, one line each."""
    names = escape(", ".join(plan.environment_names))
    lines = [f"*Asked by*  {escape(plan.requester.name)}"]
    if names:
        lines[0] += f"  ·  *Environment names*  {names}"
    lines += [f"*Bound*  {escape(name)}: {escape(facts)}" for name, facts in bound_facts(plan)]
    return lines


def _small(step: BoundStep, plan: Plan) -> str:
    parts = [escape(term) for term in step_terms(step)]
    if step.verify is not None:
        parts.append(f"*Afterwards*  {escape(verify_text(step.verify, plan.executables))}")
    undo = action_text(step.rollback, plan.executables) if step.rollback else "none declared"
    parts.append(f"*Undo*  {escape(undo)}")
    return "  ·  ".join(parts)


def _first_lines(output: str) -> str:
    lines = output.strip().splitlines() or ["(no output)"]
    left = len(lines) - PREVIEW_LINES
    more = [f"… {left} more lines"] if left > 0 else []
    return "\n".join([*lines[:PREVIEW_LINES], *more])
