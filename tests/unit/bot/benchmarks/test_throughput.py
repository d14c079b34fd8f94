from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict

import pytest

from bot.benchmarks.busy import busy_figures, measure_busy
from bot.benchmarks.errors import BenchmarkError
from bot.benchmarks.llama_bench import BenchRates
from bot.benchmarks.raw import measure_raw, raw_result
from bot.benchmarks.throughput import EngineProbe, Throughput, open_probe, throughput_of
from bot.benchmarks.timed_backend import Decode
from inference.backends.fake import FakeBackend
from inference.request import TokenId


def calls(*spans: tuple[int, float, float]) -> list[Decode]:
    return [Decode(n_rows=n, began=began, ended=ended) for n, began, ended in spans]


def rates(prefill: float, decode: float) -> Throughput:
    return Throughput(
        n_prefill=512,
        n_decode=128,
        n_chunk=128,
        prefill_per_s=prefill,
        decode_per_s=decode,
        library_prefill_per_s=prefill,
        library_decode_per_s=decode,
        python_share=0.01,
    )


def test_rates_count_the_time_between_calls_and_the_library_s_do_not() -> None:
    prefill = calls((128, 0.0, 1.0), (128, 1.5, 2.0))
    decode = calls((1, 10.0, 10.5), (1, 11.0, 11.5), (1, 12.0, 12.5))
    found = throughput_of(prefill, decode)
    assert found.prefill_per_s == 256 / 2.0
    assert found.library_prefill_per_s == 256 / 1.5
    assert found.decode_per_s == 1.0
    assert found.library_decode_per_s == 2.0
    assert found.python_share == 0.5
    assert (found.n_prefill, found.n_decode, found.n_chunk) == (256, 3, 128)


@pytest.mark.parametrize("n_decode", [0, 1])
def test_too_few_calls_are_no_measurement(n_decode: int) -> None:
    decode = calls((1, 1.0, 2.0))[:n_decode]
    with pytest.raises(BenchmarkError, match=f"1 prefill and {n_decode} decode calls"):
        throughput_of(calls((8, 0.0, 1.0)), decode)
    with pytest.raises(BenchmarkError, match="0 prefill"):
        throughput_of([], calls((1, 0.0, 1.0)) * 2)


def ends_at_once(cells: Sequence[TokenId]) -> TokenId:
    return TokenId(257)


async def test_answers_have_the_length_asked_for_whatever_the_model_wants() -> None:
    async with open_probe(lambda: FakeBackend(n_ctx=2048, reply=ends_at_once)) as probe:
        first = await probe.measure(200, 5)
        second = await probe.measure(200, 7)
    assert (first.n_decode, second.n_decode) == (5, 7)
    assert 0 < second.python_share < 1
    assert second.decode_per_s < second.library_decode_per_s


async def test_the_second_prompt_makes_up_for_what_the_template_adds() -> None:
    async with open_probe(lambda: FakeBackend(n_ctx=2048)) as probe:
        first = await probe.measure(300, 2)
        second = await probe.measure(300, 2)
    assert first.n_prefill > 300
    assert 280 <= second.n_prefill <= 300


async def test_a_prompt_that_cannot_be_run_is_said() -> None:
    async with open_probe(lambda: FakeBackend(n_ctx=128)) as probe:
        with pytest.raises(BenchmarkError, match="was rejected: the prompt has 5"):
            await probe.measure(500, 2)


async def test_the_other_program_runs_after_each_repeat_with_what_ours_did() -> None:
    order: list[str] = []

    async def peer(ours: Throughput) -> BenchRates:
        order.append(f"theirs {ours.n_decode}")
        return BenchRates(prefill_per_s=ours.prefill_per_s * 2, decode_per_s=ours.decode_per_s)

    def note(text: str) -> None:
        order.append("ours" if text.startswith("repeat") and "bench" not in text else "")

    async with open_probe(lambda: FakeBackend(n_ctx=2048)) as probe:
        result = await measure_raw(
            probe, n_prefill=100, n_decode=3, n_repeats=2, peer=peer, progress=note
        )
    assert [each for each in order if each] == ["ours", "theirs 3"] * 2
    assert result.prefill_ratio == pytest.approx(0.5)
    assert result.decode_ratio == pytest.approx(1.0)
    assert len(result.repeats) == len(result.peer_repeats) == 2


def test_raw_figures_are_medians_and_stand_alone_without_the_other_program() -> None:
    ours = [rates(100, 10), rates(900, 90), rates(200, 20)]
    alone = raw_result(2, ours, [])
    assert (alone.prefill_per_s, alone.decode_per_s) == (200, 20)
    assert alone.peer is alone.prefill_ratio is alone.decode_ratio is None
    theirs = [BenchRates(prefill_per_s=p, decode_per_s=40) for p in (100, 400, 9000)]
    both = raw_result(2, ours, theirs)
    assert (both.prefill_ratio, both.decode_ratio) == (0.5, 0.5)


def test_busy_is_compared_with_quiet_by_medians() -> None:
    quiet = [rates(100, 10), rates(100, 10), rates(1, 1)]
    busy = [rates(5, 1), rates(80, 6), rates(80, 6)]
    found = busy_figures(2, quiet, busy, is_adapting=True)
    assert (found.prefill_ratio, found.decode_ratio) == (0.8, 0.6)
    assert found.first_busy.decode_per_s == 1


async def test_the_neighbour_is_there_only_for_the_second_half_of_each_way() -> None:
    order: list[str] = []

    @asynccontextmanager
    async def neighbour() -> AsyncGenerator[None]:
        order.append("neighbour comes")
        yield
        order.append("neighbour goes")

    @asynccontextmanager
    async def opened(*, is_adapting: bool) -> AsyncGenerator[EngineProbe]:
        order.append("adapting" if is_adapting else "fixed")
        async with open_probe(lambda: FakeBackend(n_ctx=2048)) as probe:
            yield probe

    result = await measure_busy(
        opened,
        n_prefill=64,
        n_decode=2,
        n_repeats=1,
        progress=lambda text: order.append(text.split(":")[0]),
        neighbour=neighbour,
        settle_s=0.0,
    )
    half = ["neighbour comes", "{0} threads, one core busy", "neighbour goes"]
    expected = ["{0}", "{0} threads, quiet", *half]
    assert order == [e.format(how) for how in ("fixed", "adapting") for e in expected]
    assert not result.fixed.is_adapting
    assert result.adapting.is_adapting
    assert asdict(result)["adapting"]["quiet"]["decode_per_s"] > 0
