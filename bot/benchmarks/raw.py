"""Raw throughput of the engine, and of llama-bench in turn with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from .llama_bench import BenchRates
from .throughput import EngineProbe, Throughput

Peer: TypeAlias = Callable[[Throughput], Awaitable[BenchRates]]
"""Lets the other program once do exactly what ours did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResult:
    """Medians over the repeats, and every repeat.

    Attributes:
        n_threads: Threads that the model was opened with.
        peer: llama-bench's medians; None when it was not run.
        prefill_ratio: Ours by the clock over llama-bench's.
    """

    n_repeats: int
    n_threads: int
    n_prefill: int
    n_decode: int
    n_chunk: int
    prefill_per_s: float
    decode_per_s: float
    library_prefill_per_s: float
    library_decode_per_s: float
    python_share: float
    peer: BenchRates | None
    prefill_ratio: float | None
    decode_ratio: float | None
    repeats: tuple[Throughput, ...]
    peer_repeats: tuple[BenchRates, ...]


async def measure_raw(
    probe: EngineProbe,
    *,
    n_prefill: int,
    n_decode: int,
    n_repeats: int,
    peer: Peer | None,
    progress: Callable[[str], None],
) -> RawResult:
    """Measure ours and the other program in turn, after one repeat that does not count.

    Raises:
        BenchmarkError: One of them could not be measured.
    """
    progress("warming up")
    await probe.measure(n_prefill, 2)
    ours: list[Throughput] = []
    theirs: list[BenchRates] = []
    for repeat in range(1, n_repeats + 1):
        progress(f"repeat {repeat} of {n_repeats}")
        ours.append(await probe.measure(n_prefill, n_decode))
        if peer is not None:
            progress(f"repeat {repeat} of {n_repeats}: llama-bench")
            theirs.append(await peer(ours[-1]))
    return raw_result(probe.n_threads, ours, theirs)


def raw_result(n_threads: int, ours: list[Throughput], theirs: list[BenchRates]) -> RawResult:
    """The medians, and ours over theirs."""
    prefill = median(each.prefill_per_s for each in ours)
    decode = median(each.decode_per_s for each in ours)
    peer: BenchRates | None = None
    if theirs:
        peer = BenchRates(
            prefill_per_s=median(each.prefill_per_s for each in theirs),
            decode_per_s=median(each.decode_per_s for each in theirs),
        )
    return RawResult(
        n_repeats=len(ours),
        n_threads=n_threads,
        n_prefill=ours[0].n_prefill,
        n_decode=ours[0].n_decode,
        n_chunk=ours[0].n_chunk,
        prefill_per_s=prefill,
        decode_per_s=decode,
        library_prefill_per_s=median(each.library_prefill_per_s for each in ours),
        library_decode_per_s=median(each.library_decode_per_s for each in ours),
        python_share=median(each.python_share for each in ours),
        peer=peer,
        prefill_ratio=prefill / peer.prefill_per_s if peer else None,
        decode_ratio=decode / peer.decode_per_s if peer else None,
        repeats=tuple(ours),
        peer_repeats=tuple(theirs),
    )
