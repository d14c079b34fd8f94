"""`opsbot models tune`: the fastest settings for a model on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .context import read_settings
from .output import WRONG_USE, console, emit_json, error_console, fail

if TYPE_CHECKING:
    from rich.table import Table

    from inference.tuning.search import Trial
    from inference.tuning.tuning import Tuning

_TOLERABLE_SHARE = 0.1
_PATIENCE_S = 30.0
_UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def tune(
    model: Annotated[
        str | None, typer.Argument(help="Catalogue entry or path; default: the settings' model.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure for about a minute, less exactly.")
    ] = False,
    memory_limit: Annotated[
        str | None, typer.Option(help="Most memory the model may take, for example 2.5G.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    busy: Annotated[
        bool, typer.Option("--busy", help="Measure even while other programs use the cores.")
    ] = False,
    chart: Annotated[
        Path | None, typer.Option(help="Save a chart here (.png, .svg, .pdf).")
    ] = None,
) -> None:
    """Measure which settings are fastest here, and use them from the next start on."""
    from ..log_setup import set_up_logging

    limit = None if memory_limit is None else _n_bytes(memory_limit)
    if chart is not None and chart.suffix.lower() not in {".png", ".svg", ".pdf"}:
        fail(f"{chart}: a chart is a .png, .svg or .pdf file", WRONG_USE)
    set_up_logging("ERROR")
    with _one_sentence():
        if not busy:
            _wait_until_quiet()
        tuning, saved = _tune(model, limit, is_quick=quick, is_quiet=as_json)
        if chart is not None:
            from inference.tuning.tuning_chart import save_chart

            save_chart(tuning, chart)
    if as_json:
        emit_json({"tuning": tuning, "saved": saved, "row_ratios": tuning.row_ratios})
        return
    _show(tuning, saved, chart)


def _wait_until_quiet() -> None:
    import psutil

    from inference.tuning.quiet import wait_until_quiet

    def observe(cores: float) -> None:
        status.update(f"waiting for a quiet machine, other programs use {cores:.1f} cores")

    n_cores = psutil.cpu_count() or 1
    with error_console.status("looking at the machine") as status:
        wait_until_quiet(
            most_cores=_TOLERABLE_SHARE * n_cores, patience_s=_PATIENCE_S, observe=observe
        )


def _tune(
    model: str | None, limit: int | None, *, is_quick: bool, is_quiet: bool
) -> tuple[Tuning, Path]:
    from inference.tuning.request_history import RequestHistory
    from inference.tuning.tune import quick_plan, thorough_plan, tune
    from inference.tuning.tuning_store import save_tuning

    from ..tuning import history_path, open_measurer, tuning_dir

    settings = read_settings()
    plan = quick_plan(limit) if is_quick else thorough_plan(limit)
    profile = RequestHistory(history_path(settings)).profile()
    with (
        open_measurer(settings, model or settings.model, plan.workload) as (measurer, subject),
        _progress(is_quiet=is_quiet) as observe,
    ):
        tuning = tune(measurer, subject, profile, plan, observe=observe)
    return tuning, save_tuning(tuning_dir(settings), tuning)


@contextmanager
def _progress(*, is_quiet: bool) -> Generator[Callable[[str, Trial | None], None]]:
    """Show on standard error what is being measured, and each candidate's result."""
    if is_quiet:
        yield lambda _what, _trial: None
        return
    with error_console.status("loading the model") as status:

        def observe(what: str, trial: Trial | None) -> None:
            if trial is None:
                status.update(f"measuring {what}")
                return
            line = f"{what:<28} {_outcome(trial)}"
            error_console.print(line, markup=False, highlight=False, style="dim")

        yield observe


def _outcome(trial: Trial) -> str:
    comparison = trial.comparison
    if comparison is None:
        return f"{trial.verdict.value}{f': {trial.reason}' if trial.reason else ''}"
    change, noise = 100 * (comparison.ratio - 1), 100 * comparison.noise
    return f"{change:+6.1f} % (noise {noise:.1f} %)  {trial.verdict.value}"


def _show(tuning: Tuning, saved: Path, chart: Path | None) -> None:
    final = tuning.search.final
    console.print(_table(tuning))
    ratios = ", ".join(f"{k}: {ratio:.1f}" for k, ratio in tuning.row_ratios.items() if k <= 16)
    gain = f"{final.base_s:.2f} s before, {final.other_s:.2f} s tuned (noise {final.noise:.1%})"
    lines = [
        f"typical request: {gain}; {tuning.profile.source}",
        f"duration of k rows over one: {ratios}",
        f"other programs used {tuning.cores_of_others:.2f} cores meanwhile",
        f"saved: {saved}",
    ]
    if not tuning.search.is_complete:
        lines.append("the time ran out before every candidate was measured")
    if chart is not None:
        lines.append(f"chart: {chart}")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _table(tuning: Tuning) -> Table:
    from rich.table import Table

    start, best, final = tuning.search.start, tuning.search.best, tuning.search.final
    table = Table(box=None, pad_edge=False, header_style="bold", title=tuning.model_name)
    for heading in ("setting", "before", "tuned"):
        table.add_column(heading, justify="left" if heading == "setting" else "right")
    rows = (
        ("threads", start.n_threads, best.n_threads),
        ("weights repacked", _yes(start.repack_weights), _yes(best.repack_weights)),
        ("prefill chunk, tokens", start.n_chunk, best.n_chunk),
        ("KV cache", start.kv_type.value, best.kv_type.value),
        ("flash attention", start.flash_attention.value, best.flash_attention.value),
        ("GPU layers", _layers(start.n_gpu_layers), _layers(best.n_gpu_layers)),
        (
            "prefill, tokens/s",
            f"{1 / final.base.prefill_token_s:.1f}",
            f"{1 / final.other.prefill_token_s:.1f}",
        ),
        (
            "decode, tokens/s",
            f"{1 / final.base.decode_token_s:.1f}",
            f"{1 / final.other.decode_token_s:.1f}",
        ),
    )
    for name, before, after in rows:
        table.add_row(name, str(before), str(after), style=None if before != after else "dim")
    return table


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _layers(n_gpu_layers: int) -> str:
    return "all there can be" if n_gpu_layers == -1 else str(n_gpu_layers)


def _n_bytes(text: str) -> int:
    """Bytes of a size such as 800M, 2.5G or 2GiB; ends the command when it is none."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?i?)b?\s*", text.lower())
    if match is None or match[2] not in _UNITS:
        fail(f"{text!r} is no size: expected for example 800M, 2.5G or 2GiB", WRONG_USE)
    return int(float(match[1]) * _UNITS[match[2]])


@contextmanager
def _one_sentence() -> Generator[None]:
    from inference import InferenceError
    from inference.models.errors import ModelError, UnknownModelError

    try:
        yield
    except UnknownModelError as exc:
        fail(str(exc), WRONG_USE)
    except (ModelError, InferenceError) as exc:
        fail(str(exc))
    except OSError as exc:
        fail(f"{exc.filename or 'the result'}: {(exc.strerror or str(exc)).lower()}")
    except KeyboardInterrupt:
        fail("stopped; the settings in use stay as they were")
