"""A tuning as a picture: what a request takes, what each setting did, what a row costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from .search import Trial, Verdict
from .tuning import Tuning

Axes: TypeAlias = Any
"""matplotlib's own annotations are incomplete."""

_BLUE, _TEAL, _GREEN, _RED, _GREY = "#3b6ea5", "#8fb8de", "#2e8b57", "#c0504d", "#8a8a8a"
_COLOUR = {Verdict.FASTER: _GREEN, Verdict.SLOWER: _RED}
_WIDEST_PERCENT = 150.0


def save_chart(tuning: Tuning, path: Path) -> None:
    """Draw a tuning; the file's ending decides the format.

    Raises:
        OSError: The file cannot be written.
        ValueError: The ending names no known format.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n_trials = sum(trial.comparison is not None for trial in tuning.search.trials)
    height = max(4.6, 2.6 + 0.32 * n_trials)
    figure: Any = Figure(figsize=(13.5, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    request, trials, rows = figure.subplots(1, 3, width_ratios=(1.0, 1.45, 1.0))
    _draw_request(request, tuning)
    _draw_trials(trials, tuning)
    _draw_rows(rows, tuning)
    for axes in (request, trials, rows):
        axes.spines[["top", "right"]].set_visible(False)
        axes.title.set_fontweight("bold")
    figure.suptitle(_heading(tuning), fontsize=11, color="#333333")
    figure.savefig(path, dpi=144)


def _heading(tuning: Tuning) -> str:
    machine = tuning.fingerprint
    cpu = machine.cpu.rsplit(" ", 1)[0]
    where = f"{cpu}, {machine.n_cores} cores, {machine.memory_gib} GiB"
    devices = f", {', '.join(machine.devices)}" if machine.devices else ""
    return f"{tuning.model_name} on {where}{devices}, {tuning.measured_at[:10]}"


def _draw_request(axes: Axes, tuning: Tuning) -> None:
    """Stacked bars per kind of request: before and after."""
    final = tuning.search.final
    labels: list[str] = []
    for index, shape in enumerate(tuning.profile.shapes):
        for offset, (name, sample) in enumerate((("before", final.base), ("tuned", final.other))):
            prefill_s = shape.n_prefill * sample.prefill_token_s
            decode_s = shape.n_output * sample.decode_token_s
            x = 2.4 * index + offset
            is_first = not labels
            axes.bar(x, prefill_s, color=_BLUE, label="prefill" if is_first else None)
            axes.bar(
                x, decode_s, bottom=prefill_s, color=_TEAL, label="decode" if is_first else None
            )
            total = f"{prefill_s + decode_s:.2f} s"
            axes.annotate(
                total, (x, prefill_s + decode_s), (0, 3), textcoords="offset points", ha="center"
            )
            labels.append(f"{name}\n{shape.name}" if offset == 0 else f"{name}\n")
    positions = [2.4 * (index // 2) + index % 2 for index in range(len(labels))]
    axes.set_xticks(positions, labels, fontsize=9)
    axes.set_ylabel("seconds")
    axes.margins(y=0.16)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    axes.set_title("A typical request")
    axes.set_xlabel(_profile_text(tuning), fontsize=8, color=_GREY)


def _profile_text(tuning: Tuning) -> str:
    return "\n".join(
        f"{shape.name}: {shape.n_cached} tokens cached, {shape.n_prefill} new,"
        f" {shape.n_output} written"
        for shape in tuning.profile.shapes
    )


def _draw_trials(axes: Axes, tuning: Tuning) -> None:
    """One line per candidate: how much slower or faster than the best at that time."""
    measured = [trial for trial in tuning.search.trials if trial.comparison is not None]
    for y, trial in enumerate(reversed(measured)):
        _draw_trial(axes, y, trial)
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.set_yticks(
        range(len(measured)),
        [f"{trial.dimension}: {trial.value}" for trial in reversed(measured)],
        fontsize=9,
    )
    axes.set_ylim(-0.7, max(0.7, len(measured) - 0.3))
    axes.margins(x=0.22)
    axes.set_xlabel("duration against the best so far, % (less is faster)", fontsize=9)
    axes.set_title("What was tried (green: kept)")


def _draw_trial(axes: Axes, y: int, trial: Trial) -> None:
    if trial.comparison is None:
        return
    percent = 100 * (trial.comparison.ratio - 1)
    shown = min(percent, _WIDEST_PERCENT)
    colour = _COLOUR.get(trial.verdict, _GREY)
    noise = 100 * trial.comparison.noise
    axes.barh(y, shown, color=colour, height=0.62, alpha=0.85)
    axes.errorbar(shown, y, xerr=noise, color="#333333", capsize=2.5, linewidth=1)
    is_left = shown < 0
    axes.annotate(
        f"{percent:+.0f}%" + ("" if shown == percent else " →"),
        (shown + (-noise if is_left else noise), y),
        (-5 if is_left else 5, 0),
        textcoords="offset points",
        va="center",
        ha="right" if is_left else "left",
        fontsize=8,
    )


def _draw_rows(axes: Axes, tuning: Tuning) -> None:
    """What k rows at once cost: the price of a draft of k - 1 tokens."""
    ratios = {k: ratio for k, ratio in tuning.row_ratios.items() if k <= 16}
    rows = sorted(ratios)
    axes.plot(rows, rows, color=_GREY, linewidth=1, linestyle="--", label="as many single decodes")
    axes.plot(rows, [ratios[k] for k in rows], color=_BLUE, marker="o", label="one batch")
    for k in rows:
        axes.annotate(
            f"{ratios[k]:.1f}",
            (k, ratios[k]),
            (4, -11),
            textcoords="offset points",
            fontsize=8,
            color=_BLUE,
        )
    axes.set_xscale("log", base=2)
    axes.margins(x=0.1)
    axes.set_xticks(rows, [str(k) for k in rows])
    axes.set_xlabel("rows in the batch")
    axes.set_ylabel("duration / duration of one row")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    axes.set_title("The price of a row")
