from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.benchmarks.burst import burst_result, measure_burst
from bot.benchmarks.chat_client import Reply
from bot.benchmarks.ops_load import Message, OpsLoad


def reply(ttft_s: float, n_prompt: int | None, n_cached: int | None = 0) -> Reply:
    return Reply(n_prompt=n_prompt, n_cached=n_cached, ttft_s=ttft_s, e2e_s=ttft_s + 1)


class AllAtOnce:
    """Answers only when everybody has asked."""

    def __init__(self, n_expected: int) -> None:
        self._barrier = asyncio.Barrier(n_expected)
        self.n_asked = 0

    async def ask(self, messages: Sequence[Message], n_output: int) -> Reply:
        self.n_asked += 1
        if self.n_asked > 1:
            async with asyncio.timeout(5):
                await self._barrier.wait()
        return reply(float(len(messages[-1]["content"])), len(messages[-1]["content"]))


async def test_all_requests_are_in_progress_at_the_same_moment() -> None:
    load = OpsLoad(n_threads=12, n_turns=1, n_system_words=5)
    result = await measure_burst(AllAtOnce(12), load, salt="s")
    assert result.n_answered == result.n_requests == 12
    assert result.ttft_by_work == 1.0
    assert result.ttft_p95_s is not None
    assert result.ttft_p50_s is not None
    assert result.ttft_p95_s > result.ttft_p50_s


def test_shortest_first_and_first_come_first_served_look_different() -> None:
    work = [400, 100, 300, 200]
    shortest_first = burst_result([reply(n / 100, n) for n in work], 9.0)
    in_order = burst_result([reply(i + 1.0, n) for i, n in enumerate(work)], 9.0)
    assert shortest_first.ttft_by_work == 1.0
    assert in_order.ttft_by_order == 1.0
    assert in_order.ttft_by_work is not None
    assert in_order.ttft_by_work < 1
    assert shortest_first.ttft_by_order is not None
    assert shortest_first.ttft_by_order < 1


def test_cached_tokens_are_no_work() -> None:
    result = burst_result([reply(1.0, 500, 490), reply(2.0, 100, 0)], 3.0)
    assert result.work_tokens == (10, 100)
    assert result.ttft_by_work == 1.0
    assert result.n_cached_share == 490 / 600


def test_failed_requests_are_counted_and_have_no_ttft() -> None:
    failed = Reply(failure="429", ttft_s=1e-9)
    result = burst_result([reply(4.0, 10), failed, reply(6.0, 20)], 7.0)
    assert (result.n_requests, result.n_answered) == (3, 2)
    assert result.failures == {"429": 1}
    assert result.ttft_s == (4.0, 6.0)
    assert result.ttft_p50_s == 5.0


def test_an_endpoint_that_does_not_count_gets_no_correlation_with_work() -> None:
    result = burst_result([reply(1.0, None, None), reply(2.0, None, None)], 3.0)
    assert result.ttft_by_work is None
    assert result.n_cached_share is None
    assert result.ttft_by_order == 1.0
