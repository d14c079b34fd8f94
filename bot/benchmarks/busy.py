"""Throughput beside a neighbour who takes one core, with the threads fixed and adapting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from statistics import median
from typing import Protocol, TypeAlias

from .busy_loop import busy_core
from .throughput import EngineProbe, Throughput

_SETTLE_S = 0.5
"""Time for the neighbour to be at full speed."""


class OpenProbe(Protocol):
    """Opens an engine."""

    def __call__(self, *, is_adapting: bool) -> AbstractAsyncContextManager[EngineProbe]:
        """One whose threads are fixed, or adapt to a busy machine."""
        ...


Neighbour: TypeAlias = Callable[[], AbstractAsyncContextManager[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Median tokens a second."""

    prefill_per_s: float
    decode_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyFigures:
    """One way to choose the threads.

    Attributes:
        is_adapting: Whether contention control was on.
        first_busy: The first measurement beside the neighbour, adaptation included.
        decode_ratio: Busy over quiet.
    """

    is_adapting: bool
    n_threads: int
    quiet: Rates
    busy: Rates
    first_busy: Rates
    prefill_ratio: float
    decode_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyResult:
    """Both ways on the same machine, one after the other."""

    n_repeats: int
    n_prefill: int
    n_decode: int
    fixed: BusyFigures
    adapting: BusyFigures


async def measure_busy(
    open_probe: OpenProbe,
    *,
    n_prefill: int,
    n_decode: int,
    n_repeats: int,
    progress: Callable[[str], None],
    neighbour: Neighbour = busy_core,
    settle_s: float = _SETTLE_S,
) -> BusyResult:
    """Measure quiet and then busy, first with fixed threads and then with adapting ones.

    Args:
        settle_s: How long to wait for the neighbour to be at full speed.

    Raises:
        BenchmarkError: The engine did not answer.
        InferenceError: The model is not available.
    """
    found: list[BusyFigures] = []
    for is_adapting in (False, True):
        how = "adapting" if is_adapting else "fixed"
        async with open_probe(is_adapting=is_adapting) as probe:

            async def repeat(state: str, probe: EngineProbe = probe, how: str = how) -> _Rates:
                return await _measure(
                    probe, n_prefill, n_decode, n_repeats, lambda n: progress(f"{how} {state}: {n}")
                )

            await probe.measure(n_prefill, 2)
            quiet = await repeat("threads, quiet")
            async with neighbour():
                await asyncio.sleep(settle_s)
                busy = await repeat("threads, one core busy")
            found.append(busy_figures(probe.n_threads, quiet, busy, is_adapting=is_adapting))
    fixed, adapting = found
    return BusyResult(
        n_repeats=n_repeats,
        n_prefill=n_prefill,
        n_decode=n_decode,
        fixed=fixed,
        adapting=adapting,
    )


_Rates: TypeAlias = list[Throughput]


async def _measure(
    probe: EngineProbe,
    n_prefill: int,
    n_decode: int,
    n_repeats: int,
    progress: Callable[[str], None],
) -> _Rates:
    found: _Rates = []
    for repeat in range(1, n_repeats + 1):
        progress(f"{repeat} of {n_repeats}")
        found.append(await probe.measure(n_prefill, n_decode))
    return found


def busy_figures(n_threads: int, quiet: _Rates, busy: _Rates, *, is_adapting: bool) -> BusyFigures:
    """Medians, and busy over quiet."""
    calm, loud = _medians(quiet), _medians(busy)
    return BusyFigures(
        is_adapting=is_adapting,
        n_threads=n_threads,
        quiet=calm,
        busy=loud,
        first_busy=_medians(busy[:1]),
        prefill_ratio=loud.prefill_per_s / calm.prefill_per_s,
        decode_ratio=loud.decode_per_s / calm.decode_per_s,
    )


def _medians(found: _Rates) -> Rates:
    return Rates(
        prefill_per_s=median(each.prefill_per_s for each in found),
        decode_per_s=median(each.decode_per_s for each in found),
    )
