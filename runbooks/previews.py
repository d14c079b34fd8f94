"""Read-only looks at what a step would meet; their results are on the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from .actions.base import ActionContext, ActionRunner, Part, collect
from .actions.output import bounded
from .binding import BoundStep
from .proposal import PreviewResult

MAX_PREVIEW_S = 15.0
MAX_PREVIEW_CHARS = 1500


async def run_previews(
    runner: ActionRunner,
    steps: tuple[BoundStep, ...],
    context: ActionContext,
    clock: Callable[[], datetime],
) -> tuple[PreviewResult, ...]:
    """Run the previews of all steps, one after the other.

    A preview that fails is a result like any other: it is shown, and stops nothing.
    """
    context = replace(context, read_only=True)
    results: list[PreviewResult] = []
    for step in steps:
        if step.preview is None:
            continue
        limited = replace(step.preview, timeout_s=min(step.preview.timeout_s, MAX_PREVIEW_S))
        about = replace(context, step_id=step.step_id, part=Part.PREVIEW)
        result = await collect(runner, limited, about)
        results.append(
            PreviewResult(
                step_id=step.step_id,
                ok=result.ok,
                output=bounded(result.output, MAX_PREVIEW_CHARS),
                detail=result.detail,
                checked_at=clock(),
            )
        )
    return tuple(results)
