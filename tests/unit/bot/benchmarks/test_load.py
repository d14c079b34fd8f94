from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import pairwise

from bot.benchmarks.chat_client import Reply
from bot.benchmarks.load import LoadResult, measure_load
from bot.benchmarks.load_figures import figures_of, ratios, side_figures
from bot.benchmarks.load_run import LoadRun, TimedReply, run_load
from bot.benchmarks.ops_load import Message, OpsLoad

LOAD = OpsLoad(n_threads=4, n_turns=2, n_system_words=5, n_user_words=9)


class Scripted:
    """Answers without a server; `journal` is shared, to see who was asked when."""

    def __init__(self, name: str, journal: list[tuple[str, str]], *, fails_at: int = 0) -> None:
        self.name = name
        self.journal = journal
        self.asked: list[list[Message]] = []
        self.n_running = 0
        self.most_running = 0
        self._fails_at = fails_at

    async def ask(self, messages: Sequence[Message], n_output: int) -> Reply:
        self.journal.append((self.name, messages[0]["content"].split(". ")[0]))
        self.asked.append(list(messages))
        n = len(self.asked)
        self.n_running += 1
        self.most_running = max(self.most_running, self.n_running)
        await asyncio.sleep(0)
        self.n_running -= 1
        if n == self._fails_at:
            return Reply(failure="the server answered 500: broken", ttft_s=1e-9, e2e_s=1e-9)
        return Reply(text=f"answer {n}", n_output=2, n_prompt=10, n_cached=5, ttft_s=n, e2e_s=n + 1)


async def measured(*sides: Scripted, n_rounds: int = 2) -> LoadResult:
    progress: list[str] = []
    result = await measure_load(
        sides, LOAD, concurrencies=(1, 3), n_rounds=n_rounds, progress=progress.append
    )
    assert f"round {n_rounds} of {n_rounds}: {sides[-1].name}, concurrency 3" in progress
    return result


async def test_follow_ups_carry_the_history_of_their_own_thread() -> None:
    side = Scripted("ours", [])
    await run_load(side, LOAD, concurrency=2, salt="s")
    first, second = side.asked[:4], side.asked[4:]
    assert [len(messages) for messages in first + second] == [2] * 4 + [4] * 4
    for thread, messages in enumerate(second):
        assert messages[0] == LOAD.system(thread, "s")
        assert messages[1] == LOAD.question(thread, 0)
        assert messages[2] == {"role": "assistant", "content": f"answer {thread + 1}"}
        assert messages[3] == LOAD.question(thread, 1)


async def test_no_more_than_the_concurrency_is_asked_at_once() -> None:
    for concurrency in (1, 2, 3):
        side = Scripted("ours", [])
        await run_load(side, LOAD, concurrency=concurrency, salt="s")
        assert side.most_running == concurrency


async def test_a_failed_turn_leaves_no_trace_in_the_next_one() -> None:
    side = Scripted("ours", [], fails_at=2)
    run = await run_load(side, LOAD, concurrency=1, salt="s")
    assert [each.reply.is_answered for each in run.replies] == [True, False] + [True] * 6
    assert side.asked[5] == [LOAD.system(1, "s"), LOAD.question(1, 1)]


async def test_two_sides_are_asked_in_turn_with_new_prompts_in_every_round() -> None:
    journal: list[tuple[str, str]] = []
    await measured(Scripted("a", journal), Scripted("b", journal))
    passes = list(dict.fromkeys(journal[2:]))
    assert passes == [
        ("a", "Shift 0-1-1"),
        ("b", "Shift 0-1-1"),
        ("a", "Shift 0-3-1"),
        ("b", "Shift 0-3-1"),
        ("a", "Shift 0-1-2"),
        ("b", "Shift 0-1-2"),
        ("a", "Shift 0-3-2"),
        ("b", "Shift 0-3-2"),
    ]
    changes = sum(one != other for one, other in pairwise(journal[2:]))
    assert changes == len(passes) - 1


async def test_medians_are_compared_for_each_concurrency() -> None:
    result = await measured(Scripted("a", []), Scripted("b", []))
    assert [(side.name, side.concurrency) for side in result.sides] == [
        ("a", 1),
        ("b", 1),
        ("a", 3),
        ("b", 3),
    ]
    assert [each.concurrency for each in result.comparisons] == [1, 3]
    assert result.comparisons[0].ratios["ttft_p50_s"] == 1.0
    assert result.sides[0].medians.n_output == 16
    assert result.sides[0].medians.n_cached_share == 0.5
    assert len(result.sides[0].passes) == 2


async def test_a_single_side_is_compared_with_nothing() -> None:
    result = await measured(Scripted("a", []))
    assert result.comparisons == ()
    assert result.n_failed == 0


async def test_failures_are_counted_and_forbid_ratios() -> None:
    result = await measured(Scripted("a", [], fails_at=3), Scripted("b", []), n_rounds=1)
    ours = result.sides[0]
    assert (ours.n_failed, ours.n_requests) == (1, 8)
    assert ours.failures == {"the server answered 500: broken": 1}
    assert set(result.comparisons[0].ratios.values()) == {None}
    assert None not in result.comparisons[1].ratios.values()
    assert result.n_failed == 1


def run_of(*ttft_s: float, failed: int | None = None) -> LoadRun:
    replies = [
        Reply(ttft_s=each, e2e_s=each + 1, n_output=4, failure="no" if i == failed else "")
        for i, each in enumerate(ttft_s)
    ]
    timed = [TimedReply(thread=i % 2, turn=i // 2, reply=r) for i, r in enumerate(replies)]
    return LoadRun(replies=tuple(timed), wall_s=8.0)


def test_an_errored_request_never_counts_as_fast() -> None:
    figures = figures_of(run_of(0.001, 4.0, 2.0, 6.0, failed=0))
    assert figures.cold_ttft_s is None
    assert figures.ttft_p50_s == 4.0
    assert figures.tokens_per_s == 12 / 8
    nothing = figures_of(run_of(0.001, failed=0))
    assert (nothing.ttft_p50_s, nothing.e2e_p95_s, nothing.turn2_ttft_p50_s) == (None, None, None)


def test_a_pass_is_described_by_its_first_request_its_turns_and_its_wall() -> None:
    figures = figures_of(run_of(3.0, 5.0, 1.0, 2.0))
    assert figures.cold_ttft_s == 3.0
    assert figures.turn2_ttft_p50_s == 1.5
    assert figures.ttft_p50_s == 2.5
    assert figures.e2e_p50_s == 3.5
    assert figures.tokens_per_s == 2.0
    assert figures.n_cached_share is None


def test_ratios_are_of_medians_over_passes_and_not_of_single_passes() -> None:
    ours = side_figures("a", 1, [run_of(1.0, 1.0), run_of(9.0, 9.0), run_of(2.0, 2.0)])
    theirs = side_figures("b", 1, [run_of(4.0, 4.0)] * 3)
    found = ratios(ours, theirs)
    assert found["ttft_p50_s"] == 0.5
    assert found["e2e_p50_s"] == 3 / 5
    assert found["wall_s"] == 1.0
    assert found["turn2_ttft_p50_s"] is None
    assert "n_cached_share" not in found
    assert set(found) < set(asdict(ours.medians))


def test_a_side_without_failures_cannot_be_compared_with_one_that_failed() -> None:
    good = side_figures("a", 1, [run_of(1.0, 1.0)])
    bad = replace(good, name="b", n_failed=1)
    assert set(ratios(good, bad).values()) == {None}
    assert set(ratios(bad, good).values()) == {None}
