"""`opsbot bench`: measures this machine; a busy neighbour shows in the load it prints."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import bench_report
from .bench_kb import kb
from .bench_setup import (
    Progress,
    engine_choices,
    new_load,
    plan_of,
    record_of,
    run,
    serving_record,
    targets_of,
)
from .context import read_settings
from .output import WRONG_USE, error_console, fail

if TYPE_CHECKING:
    from inference import InferenceService

    from ..benchmarks.crash import CrashResult
    from ..benchmarks.llama_bench import BenchRates
    from ..benchmarks.ops_load import OpsLoad
    from ..benchmarks.restart import RestartResult
    from ..benchmarks.throughput import Throughput
    from ..settings import Settings

app = typer.Typer(no_args_is_help=True, help="Measure speed on this machine.")
app.command()(kb)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Out = Annotated[Path | None, typer.Option(help="Write the JSON document here too.")]
_Runs = Annotated[int, typer.Option(min=1, max=50, help="Repetitions; medians are reported.")]
_Seed = Annotated[int, typer.Option(help="Another seed asks other questions.")]
_Url = Annotated[
    str | None, typer.Option(help="Measure this running server; default: one is started.")
]
_OutTokens = Annotated[int, typer.Option(min=1, help="Most tokens of an answer.")]
_SystemWords = Annotated[int, typer.Option(min=1, help="Words of a skill's prompt.")]
_UserWords = Annotated[int, typer.Option(min=1, help="Words of a question with its log lines.")]
_CpuThreads = Annotated[
    int | None, typer.Option(min=1, help="Threads to compute with; default: as the bot does.")
]
_Prefill = Annotated[int, typer.Option(min=64, help="Tokens of a prompt.")]
_Decode = Annotated[int, typer.Option(min=2, help="Tokens of an answer.")]


@app.command()
def load(  # noqa: PLR0913 - a command's options are its arguments
    concurrency: Annotated[str, typer.Option(help="Requests in progress at once.")] = "1,4",
    threads: Annotated[int, typer.Option(min=1, help="Incident threads.")] = 8,
    turns: Annotated[int, typer.Option(min=1, help="Questions in each thread.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Passes; medians are reported.")] = 2,
    out_tokens: _OutTokens = 32,
    system_words: _SystemWords = 300,
    user_words: _UserWords = 60,
    seed: _Seed = 0,
    url: _Url = None,
    against: Annotated[
        str | None, typer.Option(help="Measure this server in turn with ours; prints ratios.")
    ] = None,
    against_token: Annotated[str, typer.Option(help="Its bearer token.")] = "",
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """Conversations as in operations: long skill prompts, threads that interleave."""
    from ..benchmarks.load import measure_load
    from ..benchmarks.targets import open_targets

    settings = read_settings()
    shape = new_load(
        n_threads=threads,
        n_turns=turns,
        n_output=out_tokens,
        n_system_words=system_words,
        n_user_words=user_words,
        seed=seed,
    )
    at_once = _concurrencies(concurrency)
    targets = targets_of(settings, url, against, against_token)
    chosen = {"load": asdict(shape), "concurrency": at_once, "n_rounds": rounds}
    record = serving_record("load", settings, targets, chosen)

    async def measure(progress: Progress) -> None:
        async with open_targets(targets, progress) as sides:
            served = {side.name: await side.describe() for side in sides}
            _warn_of_different_models(served)
            result = await measure_load(
                sides, shape, concurrencies=at_once, n_rounds=rounds, progress=progress
            )
        tables = bench_report.load_tables(result)
        document = record.document({"served": served, **asdict(result)})
        bench_report.report(document, tables, as_json=as_json, out=out)
        _all_answered(result.n_failed)

    run(measure)


@app.command()
def burst(  # noqa: PLR0913 - a command's options are its arguments
    n: Annotated[int, typer.Option("--n", min=2, help="Requests at once.")] = 32,
    out_tokens: _OutTokens = 32,
    system_words: _SystemWords = 300,
    user_words: _UserWords = 30,
    seed: _Seed = 0,
    url: _Url = None,
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """Many requests at the same moment: is everybody answered, and who waits for whom."""
    from ..benchmarks.burst import measure_burst
    from ..benchmarks.targets import open_targets

    settings = read_settings()
    shape = new_load(
        n_threads=n,
        n_turns=1,
        n_output=out_tokens,
        n_system_words=system_words,
        n_user_words=user_words,
        seed=seed,
    )
    targets = targets_of(settings, url, None, "")
    record = serving_record("burst", settings, targets, {"load": asdict(shape)})

    async def measure(progress: Progress) -> None:
        async with open_targets(targets, progress) as (side,):
            served = await side.describe()
            progress(f"{n} requests at once")
            result = await measure_burst(side, shape, salt=f"burst-{seed}")
        document = record.document({"served": served, **asdict(result)})
        tables = [bench_report.burst_table(result)]
        bench_report.report(document, tables, as_json=as_json, out=out)
        _all_answered(result.n_requests - result.n_answered)

    run(measure)


@app.command()
def raw(  # noqa: PLR0913 - a command's options are its arguments
    prefill: _Prefill = 512,
    decode: _Decode = 128,
    runs: _Runs = 5,
    cpu_threads: _CpuThreads = None,
    repack: Annotated[
        bool | None, typer.Option("--repack/--no-repack", help="Rearrange weights at load time.")
    ] = None,
    llama_bench: Annotated[
        Path | None, typer.Option(help="llama.cpp's llama-bench, run in turn; prints ratios.")
    ] = None,
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """Prefill and decode throughput, and Python's share of a decode step."""
    from ..benchmarks.llama_bench import LlamaBench
    from ..benchmarks.raw import measure_raw
    from ..benchmarks.throughput import open_model_probe

    settings = read_settings()
    plan = plan_of(settings, n_threads=cpu_threads, repack=repack)
    record = record_of("raw", settings, plan, {"n_prefill": prefill, "n_decode": decode})

    async def peer(ours: Throughput, program: Path) -> BenchRates:
        bench = LlamaBench(
            program=program,
            model=plan.path,
            options=plan.options,
            n_prefill=ours.n_prefill,
            n_decode=ours.n_decode,
            n_chunk=ours.n_chunk,
        )
        return await bench.measure()

    async def measure(progress: Progress) -> None:
        async with open_model_probe(plan) as probe:
            result = await measure_raw(
                probe,
                n_prefill=prefill,
                n_decode=decode,
                n_repeats=runs,
                peer=partial(peer, program=llama_bench) if llama_bench is not None else None,
                progress=progress,
            )
        tables = [bench_report.raw_table(result)]
        bench_report.report(record.document(asdict(result)), tables, as_json=as_json, out=out)

    run(measure)


@app.command()
def busy(
    prefill: _Prefill = 256,
    decode: _Decode = 64,
    runs: _Runs = 3,
    cpu_threads: _CpuThreads = None,
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """Throughput while another program takes one core, with threads fixed and adapting."""
    from ..benchmarks.busy import measure_busy
    from ..benchmarks.throughput import open_model_probe

    settings = read_settings()
    plan = plan_of(settings, n_threads=cpu_threads)
    record = record_of("busy", settings, plan, {"n_prefill": prefill, "n_decode": decode})

    async def measure(progress: Progress) -> None:
        result = await measure_busy(
            partial(open_model_probe, plan),
            n_prefill=prefill,
            n_decode=decode,
            n_repeats=runs,
            progress=progress,
        )
        tables = [bench_report.busy_table(result)]
        bench_report.report(record.document(asdict(result)), tables, as_json=as_json, out=out)

    run(measure)


@app.command()
def restart(  # noqa: PLR0913 - a command's options are its arguments
    runs: _Runs = 5,
    n: Annotated[int, typer.Option("--n", min=1, help="Requests in progress at the kill.")] = 6,
    kill: Annotated[bool, typer.Option(help="Also kill the engine's process under load.")] = True,
    out_tokens: _OutTokens = 64,
    system_words: _SystemWords = 300,
    user_words: _UserWords = 60,
    seed: _Seed = 0,
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """The first request after a restart, and what follows when the engine's process is killed."""

    settings = read_settings()
    shape = new_load(
        n_threads=n,
        n_output=out_tokens,
        n_system_words=system_words,
        n_user_words=user_words,
        seed=seed,
    )
    plan = plan_of(settings)
    record = record_of(
        "restart", settings, plan, {"load": asdict(shape), **engine_choices(settings)}
    )

    async def measure(progress: Progress) -> None:
        with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder:
            opened = settings.model_copy(update={"home": Path(folder)})
            result, crash = await _restarts(opened, shape, runs=runs, kills=kill, progress=progress)
        parts = {"restart": asdict(result), "crash": asdict(crash) if crash is not None else None}
        tables = [bench_report.restart_table(result)]
        tables += [bench_report.crash_table(crash)] if crash is not None else []
        bench_report.report(record.document(parts), tables, as_json=as_json, out=out)
        if crash is not None and crash.n_unended:
            fail(f"{crash.n_unended} requests never ended")

    run(measure)


@app.command()
def answer(runs: _Runs = 5, as_json: _Json = False, out: _Out = None) -> None:
    """From a mention to the evidence and to the whole answer, on the demo's real incident."""
    from ..benchmarks.answer import measure_answer
    from ..demo.errors import DemoError

    settings = read_settings()
    record = record_of("answer", settings, plan_of(settings), {"n_runs": runs})

    async def measure(progress: Progress) -> None:
        with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder:
            try:
                result = await measure_answer(
                    Path(folder), n_runs=runs, model=settings.model, progress=progress
                )
            except (TimeoutError, DemoError) as exc:
                fail(str(exc) or "an answer did not end in time")
        found = asdict(result)
        tables = [bench_report.plain_table(found)]
        bench_report.report(record.document(found), tables, as_json=as_json, out=out)

    run(measure)


@app.command()
def logs(
    path: Annotated[Path | None, typer.Argument(help="A log file to measure too.")] = None,
    lines: Annotated[int, typer.Option(min=1000, help="Lines of the generated logs.")] = 300_000,
    large_mb: Annotated[
        int, typer.Option(min=0, help="Size of a log for several processes, in MB; 0 for none.")
    ] = 200,
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """How fast logs are read, in the usual and in the worst case; beside drain3 if installed."""
    from ..benchmarks.logs import measure_logs

    if path is not None and not path.is_file():
        fail(f"{path} is no file", WRONG_USE)
    settings = read_settings()
    record = record_of(
        "logs", settings, None, {"n_lines": lines, "large_mb": large_mb, "path": str(path or "")}
    )

    async def measure(progress: Progress) -> None:
        with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder:
            found = measure_logs(Path(folder), path, lines, large_mb, progress)
        document = record.document({"logs": [asdict(each) for each in found]})
        bench_report.report(document, [bench_report.logs_table(found)], as_json=as_json, out=out)

    run(measure)


def _warn_of_different_models(served: Mapping[str, str]) -> None:
    from ..benchmarks.same_model import is_same_model

    if not is_same_model(served.values()):
        what = ", ".join(f"{side} has {model}" for side, model in served.items())
        error_console.print(f"these may be different models: {what}", style="yellow")


async def _restarts(
    settings: Settings, shape: OpsLoad, *, runs: int, kills: bool, progress: Progress
) -> tuple[RestartResult, CrashResult | None]:
    from ..benchmarks.crash import kill_child, measure_crash
    from ..benchmarks.restart import measure_restart
    from ..engine import EnginePlace, open_engine

    def open_service() -> AbstractAsyncContextManager[InferenceService]:
        return open_engine(settings, encoder=False, place=EnginePlace.OWN_PROCESS)

    salt = f"restart-{shape.seed}"
    result = await measure_restart(open_service, shape, n_runs=runs, salt=salt, progress=progress)
    if not kills:
        return result, None
    async with open_service() as service:
        progress("killing the engine under load")
        return result, await measure_crash(service, shape, salt=f"{salt}-crash", kill=kill_child)


def _concurrencies(text: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        fail(f"--concurrency is {text!r}, write counts from 1 on, as in 1,4", WRONG_USE)
    return found


def _all_answered(n_failed: int) -> None:
    if n_failed:
        fail(f"{n_failed} requests were not answered")
