"""How a measurement is shown: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.table import Table

from .output import console, emit_json, fail

if TYPE_CHECKING:
    from ..benchmarks.burst import BurstResult
    from ..benchmarks.busy import BusyResult
    from ..benchmarks.crash import CrashResult
    from ..benchmarks.load import LoadResult
    from ..benchmarks.load_figures import LoadFigures, SideFigures
    from ..benchmarks.logs import LogSpeed
    from ..benchmarks.raw import RawResult
    from ..benchmarks.restart import RestartResult

_LOAD_ROWS = {
    "TTFT p50": "ttft_p50_s",
    "TTFT p95": "ttft_p95_s",
    "turn 2 TTFT p50": "turn2_ttft_p50_s",
    "first request TTFT": "cold_ttft_s",
    "end to end p50": "e2e_p50_s",
    "end to end p95": "e2e_p95_s",
    "wall": "wall_s",
    "tokens each second": "tokens_per_s",
    "output tokens": "n_output",
}
_REPETITIONS = ("n_rounds", "n_repeats", "n_runs")
_COUNTS = frozenset({"tokens_per_s", "n_output"})


def report(
    document: Mapping[str, object], tables: Sequence[Table], *, as_json: bool, out: Path | None
) -> None:
    """Show a measurement, and write its document where it was asked for."""
    if out is not None:
        try:
            out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        except OSError as exc:
            fail(f"{out} cannot be written: {exc.strerror or exc}")
    if as_json:
        emit_json(document)
        return
    for table in tables:
        console.print(table, soft_wrap=False)
        console.print()
    console.print(measured_on(document), style="dim", markup=False, highlight=False)


def measured_on(document: Mapping[str, object]) -> str:
    """One line: model, machine, how busy it was."""
    model = cast("dict[str, Any] | None", document["model"])
    machine = cast("dict[str, Any]", document["machine"])
    before, after = machine["before"], machine["after"]
    name = f"{model['name']} {model['quantisation']}" if model else "a server's model"
    result = cast("dict[str, Any]", document["result"])
    counts = [result[each] for each in _REPETITIONS if each in result]
    repeated = f"medians of {counts[0]}; " if counts else ""
    return (
        f"{repeated}{name} on {machine['cpu']}, {machine['n_cores']} cores; "
        f"load {before['load_1m']} before, {after['load_1m']} after; "
        f"stolen {machine['steal_share']:.1%}; {after['at']}"
    )


def load_tables(result: LoadResult) -> list[Table]:
    """One table for each concurrency."""
    concurrencies = dict.fromkeys(side.concurrency for side in result.sides)
    return [_load_table(result, concurrency) for concurrency in concurrencies]


def _load_table(result: LoadResult, concurrency: int) -> Table:
    sides = [side for side in result.sides if side.concurrency == concurrency]
    found = [each.ratios for each in result.comparisons if each.concurrency == concurrency]
    title = f"concurrency {concurrency}"
    table = _table(title, *(side.name for side in sides), *(["ratio"] if found else []))
    for label, name in _LOAD_ROWS.items():
        values = [_figure(side.medians, name) for side in sides]
        table.add_row(label, *values, *([_number(found[0].get(name))] if found else []))
    table.add_row("answered", *(f"{s.n_requests - s.n_failed} of {s.n_requests}" for s in sides))
    for side in sides:
        _add_failures(table, side)
    return table


def _figure(figures: LoadFigures, name: str) -> str:
    value = getattr(figures, name)
    return _number(value) if name in _COUNTS else _seconds(value)


def _add_failures(table: Table, side: SideFigures) -> None:
    for reason, n in side.failures.items():
        table.add_row(f"{side.name}: {n} failed", reason)


def raw_table(result: RawResult) -> Table:
    """Ours, the library's share of it, and llama-bench's."""
    peer = result.peer
    title = f"tokens/s, {result.n_threads} threads"
    columns = ["opsbot", "inside llama.cpp"] + (["llama-bench", "ratio"] if peer else [])
    table = _table(title, *columns)
    prefill = [_number(result.prefill_per_s), _number(result.library_prefill_per_s)]
    decode = [_number(result.decode_per_s), _number(result.library_decode_per_s)]
    if peer:
        prefill += [_number(peer.prefill_per_s), _number(result.prefill_ratio)]
        decode += [_number(peer.decode_per_s), _number(result.decode_ratio)]
    table.add_row(f"prefill {result.n_prefill}, {result.n_chunk} at a time", *prefill)
    table.add_row(f"decode {result.n_decode}", *decode)
    table.add_row("Python's share of a decode step", f"{result.python_share:.2%}")
    return table


def restart_table(result: RestartResult) -> Table:
    """The first request after a restart beside the others."""
    table = _table("restart", "")
    table.add_row("TTFT, prompt never seen", _seconds(result.cold_ttft_s))
    table.add_row("TTFT, first request after the restart", _seconds(result.restarted_ttft_s))
    table.add_row("TTFT, the same prompt in memory", _seconds(result.warm_ttft_s))
    table.add_row("first after the restart / in memory", _number(result.ratio))
    cached = f"{result.n_restarted_cached:.0f} of {result.n_prompt:.0f} tokens"
    table.add_row("found by the first request", cached)
    table.add_row("start until the model is loaded", _seconds(result.ready_s))
    return table


def crash_table(result: CrashResult) -> Table:
    """What followed the kill."""
    table = _table(f"engine killed with {result.n_requests} requests in progress", "")
    table.add_row("until a new request was answered", _seconds(result.answering_s))
    table.add_row("until the first of those was answered", _seconds(result.first_answer_s))
    for how, n in result.ends.items():
        table.add_row(how, str(n))
    table.add_row("never ended", str(result.n_unended))
    return table


def burst_table(result: BurstResult) -> Table:
    """How a burst was served."""
    table = _table(f"{result.n_requests} requests at once", "")
    table.add_row("answered", f"{result.n_answered} of {result.n_requests}")
    table.add_row("TTFT p50", _seconds(result.ttft_p50_s))
    table.add_row("TTFT p95", _seconds(result.ttft_p95_s))
    table.add_row("wall", _seconds(result.wall_s))
    table.add_row("prompt tokens shared", _share(result.n_cached_share))
    table.add_row("Jain's fairness of the TTFTs", _number(result.jain_ttft))
    table.add_row("TTFT goes with work (rank correlation)", _number(result.ttft_by_work))
    table.add_row("TTFT goes with arrival (rank correlation)", _number(result.ttft_by_order))
    for reason, n in result.failures.items():
        table.add_row(f"{n} failed", reason)
    return table


def busy_table(result: BusyResult) -> Table:
    """Quiet and busy, with fixed and with adapting threads."""
    title = "tokens/s, one core taken"
    table = _table(title, "quiet", "busy", "busy / quiet", "first while busy")
    for figures in (result.fixed, result.adapting):
        how = "adapting" if figures.is_adapting else f"{figures.n_threads} fixed"
        for what in ("prefill", "decode"):
            rates = [
                getattr(each, f"{what}_per_s")
                for each in (figures.quiet, figures.busy, figures.first_busy)
            ]
            quiet, busy, first = (_number(rate) for rate in rates)
            share = _number(getattr(figures, f"{what}_ratio"))
            table.add_row(f"{what}, threads {how}", quiet, busy, share, first)
    return table


def plain_table(result: Mapping[str, object]) -> Table:
    """Names and single values."""
    table = _table("measure", "value")
    for name, value in result.items():
        if not isinstance(value, (tuple, list, dict)):
            table.add_row(name, f"{value:,.2f}" if isinstance(value, float) else str(value))
    return table


def _table(title: str, *others: str) -> Table:
    """What is measured heads the first column, so that a long title widens it."""
    table = Table(box=None)
    table.add_column(title, style="bold")
    for name in others:
        table.add_column(name, justify="right")
    return table


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f} s"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def logs_table(found: Sequence[LogSpeed]) -> Table:
    """Speed and memory, one measurement a row."""
    table = Table("log", "what", "lines", "found", "s", "lines/s", "MB/s", "peak MiB", box=None)
    for each in found:
        memory = f"{each.peak_rss_mb:,.0f}" if each.peak_rss_mb is not None else ""
        counts = (f"{each.n_lines:,}", f"{each.n_found:,}", f"{each.seconds:.2f}")
        rates = (f"{each.lines_per_s:,}", f"{each.mb_per_s:,.1f}", memory)
        table.add_row(each.log, each.what, *counts, *rates)
    return table
