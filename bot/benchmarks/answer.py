"""The whole way: from a mention in a channel to the evidence and to the finished answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from ..stage import Stage, open_stage
from ..workspace import seed
from ..workspace.records import Message

QUESTION = f"<@{seed.BOT_USER_ID}> why is checkout failing?"
_BREAKS_WITHIN_S = 60.0
# What a burst within a moment shows could be chance, and is not called new.
_FAILURES_TO_SEE = 40
_FAILS_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerResult:
    """Seconds from the mention, medians over the runs, and every run."""

    n_runs: int
    evidence_s: float
    first_words_s: float
    full_answer_s: float
    runs: tuple[tuple[float, float, float], ...]


async def measure_answer(
    home: Path, *, n_runs: int, model: str, progress: Callable[[str], None]
) -> AnswerResult:
    """Break the demo's shop and ask about it `n_runs` times, each in a thread of its own.

    Raises:
        TimeoutError: The shop did not break, or an answer did not end within two minutes.
    """
    async with open_stage(home, healthy_s=8.0, model=model) as stage:
        progress("waiting for the model and for the shop to break")
        await stage.core.engine.ready()
        await wait_until_broken(stage)
        runs: list[tuple[float, float, float]] = []
        for run in range(1, n_runs + 1):
            progress(f"question {run} of {n_runs}")
            runs.append(await _ask(stage))
    evidence, words, full = zip(*runs, strict=True)
    return AnswerResult(
        n_runs=n_runs,
        evidence_s=median(evidence),
        first_words_s=median(words),
        full_answer_s=median(full),
        runs=tuple(runs),
    )


async def wait_until_broken(stage: Stage) -> None:
    """Wait until checkout has logged many times and for some seconds that its pool is exhausted.

    Raises:
        TimeoutError: It did not within a minute.
    """
    log = Path(stage.settings.logs.sources["checkout"][0])
    deadline = time.monotonic() + _BREAKS_WITHIN_S
    while time.monotonic() < deadline:
        if await asyncio.to_thread(_keeps_failing, log):
            return
        await asyncio.sleep(0.2)
    raise TimeoutError("the shop did not break within a minute")


def _keeps_failing(log: Path) -> bool:
    if not log.exists():
        return False
    failures = [line for line in log.read_text().splitlines() if "pool exhausted" in line]
    return len(failures) >= _FAILURES_TO_SEE and _logged(failures[-1]) - _logged(failures[0]) >= (
        _FAILS_FOR
    )


def _logged(line: str) -> datetime:
    return datetime.fromisoformat(line.split(maxsplit=1)[0])


async def _ask(stage: Stage) -> tuple[float, float, float]:
    began = time.monotonic()
    question = stage.workspace.people.say(seed.MAYA, seed.INCIDENTS, QUESTION)

    def answer(check: Callable[[str], bool]) -> Callable[[Message], bool]:
        def matches(message: Message) -> bool:
            return message.thread_ts == question.ts and check(json.dumps(message.blocks))

        return matches

    wait = stage.workspace.wait_for_message
    await wait(answer(lambda text: "pool exhausted" in text), 120)
    evidence = time.monotonic() - began
    await wait(answer(lambda text: "cause" in text or "feedback" in text), 120)
    words = time.monotonic() - began
    await wait(answer(lambda text: "feedback" in text), 120)
    return evidence, words, time.monotonic() - began
