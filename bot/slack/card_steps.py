"""Everything that an approval binds, as blocks of a card; or why a card cannot show all of it."""

from __future__ import annotations

from collections.abc import Iterator

from runbooks.binding import BoundStep
from runbooks.elsewhere import named_elsewhere
from runbooks.proposal import Plan, PreviewResult
from runbooks.schema import Risk

from ..commands_text import (
    action_text,
    bound_facts,
    step_terms,
    steps_text,
    undo_text,
    verify_text,
)
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
        if len(_command(number, step, plan)) > MAX_COMMAND_CHARS:
            return f"the command of step {number} is too long to show whole"
        if len(_small(step, plan)) > _MAX_SMALL_CHARS:
            return f"the check or the undo of step {number} is too long to show whole"
    shown = [*_facts(plan), *value_texts(plan), _fine_print(plan)]
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
    blocks.append(context(f"*Runs exactly*  {steps_text(plan)}"))
    for number, step in enumerate(plan.steps, start=1):
        blocks.extend(_step(number, step, plan, is_compact=is_compact))
    return [*blocks, context(_fine_print(plan))]


def _step(number: int, step: BoundStep, plan: Plan, *, is_compact: bool) -> list[Block]:
    command, small = _command(number, step, plan), _small(step, plan)
    if is_compact and len(command) + len(small) < MAX_COMMAND_CHARS:
        return [section(f"{command}\n{small}".rstrip())]
    previews = () if is_compact else tuple(_preview(step, plan))
    return [section(command), *previews, *([context(small)] if small else [])]


def _command(number: int, step: BoundStep, plan: Plan) -> str:
    """A step's name and exactly what it runs; one that changes something says so."""
    command = code_block(action_text(step.action, plan.executables), _UNCUT)
    changes = "" if step.risk is Risk.READ_ONLY else f"  ·  {step.risk.value} risk"
    return f"*{number}. {escape(step.title)}*{changes}\n{command}"


def _preview(step: BoundStep, plan: Plan) -> Iterator[Block]:
    preview = plan.preview_of(step.step_id)
    if preview is not None:
        yield section(preview_text(preview))


def _facts(plan: Plan) -> list[str]:
    """Who asked, and where it runs, one line each."""
    lines = [f"*Asked by*  {escape(plan.requester.name)}"]
    lines += [f"*Bound*  {escape(name)}: {escape(facts)}" for name, facts in bound_facts(plan)]
    elsewhere = ", ".join(named_elsewhere(plan))
    if elsewhere:
        here = f"nothing below goes there: it runs as {plan.run_as}"
        lines.append(f":warning: *{escape(elsewhere)}* is named in the request; {escape(here)}")
    return lines


def _fine_print(plan: Plan) -> str:
    """What is bound too, and rarely read."""
    runbook = f"runbook {escape(plan.runbook.name)} v{plan.runbook.version}"
    names = escape(", ".join(plan.environment_names))
    return f"{runbook}  ·  variables {names}" if names else runbook


def _small(step: BoundStep, plan: Plan) -> str:
    parts = [escape(term) for term in step_terms(step)]
    if step.verify is not None:
        parts.append(f"*Afterwards*  {escape(verify_text(step.verify, plan.executables))}")
    undo = undo_text(step, plan)
    parts += [f"*Undo*  {escape(undo)}"] if undo else []
    return "  ·  ".join(parts)


def _first_lines(output: str) -> str:
    lines = output.strip().splitlines() or ["(no output)"]
    left = len(lines) - PREVIEW_LINES
    more = [f"… {left} more lines"] if left > 0 else []
    return "\n".join([*lines[:PREVIEW_LINES], *more])
