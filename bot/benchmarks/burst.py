"""Many requests at the same moment: who waits for whom."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .chat_client import Reply
from .figures import jain_index, percentile, rank_correlation
from .load_run import Asker
from .ops_load import Message, OpsLoad

_LONGEST = 4
"""The longest question has so many times the words of the shortest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstResult:
    """How a burst was served.

    Attributes:
        n_cached_share: Prompt tokens that no request had to compute itself.
        jain_ttft: Jain's fairness of the TTFTs.
        ttft_by_work: Rank correlation of the TTFT with the prompt tokens a request had to compute:
            near 1 when shorter ones are served first. None when the endpoint does not count.
        ttft_by_order: The same with the order of arrival: near 1 when first come is first served.
        ttft_s: Every answered request's, in the order of arrival.
        work_tokens: Prompt tokens each of them had to compute; None where it is not known.
    """

    n_requests: int
    n_answered: int
    failures: dict[str, int]
    wall_s: float
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    n_cached_share: float | None
    jain_ttft: float | None
    ttft_by_work: float | None
    ttft_by_order: float | None
    ttft_s: tuple[float, ...]
    work_tokens: tuple[int | None, ...]


async def measure_burst(asker: Asker, load: OpsLoad, *, salt: str) -> BurstResult:
    """Ask the first question of every thread at once, short and long ones in random order."""
    conversations = burst_conversations(load, salt)
    await asker.ask([{"role": "user", "content": "Say yes."}], 1)
    began = time.perf_counter()
    replies = await asyncio.gather(*(asker.ask(each, load.n_output) for each in conversations))
    return burst_result(replies, time.perf_counter() - began)


def burst_conversations(load: OpsLoad, salt: str) -> list[list[Message]]:
    """One conversation for each thread, whose questions differ in length."""
    chooser = random.Random(f"{load.seed}/burst")  # noqa: S311 - repeatable text, no secret
    most = load.n_user_words * _LONGEST
    return [
        [
            load.system(thread, salt),
            load.question(thread, 0, n_words=chooser.randint(load.n_user_words, most)),
        ]
        for thread in range(load.n_threads)
    ]


def burst_result(replies: Sequence[Reply], wall_s: float) -> BurstResult:
    """The figures; requests that were not answered are counted and otherwise left out."""
    answered = [(order, reply) for order, reply in enumerate(replies) if reply.is_answered]
    ttft = [reply.ttft_s for _, reply in answered]
    work = [_work(reply) for _, reply in answered]
    known = [(spent, time_s) for spent, time_s in zip(work, ttft, strict=True) if spent is not None]
    n_prompt = sum(r.n_prompt or 0 for _, r in answered if r.n_cached is not None)
    n_cached = sum(r.n_cached or 0 for _, r in answered)
    return BurstResult(
        n_requests=len(replies),
        n_answered=len(answered),
        failures=dict(Counter(reply.failure for reply in replies if reply.failure)),
        wall_s=wall_s,
        ttft_p50_s=percentile(ttft, 0.5),
        ttft_p95_s=percentile(ttft, 0.95),
        n_cached_share=n_cached / n_prompt if n_prompt else None,
        jain_ttft=jain_index(ttft),
        ttft_by_work=rank_correlation([s for s, _ in known], [t for _, t in known]),
        ttft_by_order=rank_correlation([order for order, _ in answered], ttft),
        ttft_s=tuple(ttft),
        work_tokens=tuple(work),
    )


def _work(reply: Reply) -> int | None:
    return None if reply.n_prompt is None else reply.n_prompt - (reply.n_cached or 0)
