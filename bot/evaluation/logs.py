"""How well log analysis does on labelled logs: templates, evidence, sessions and findings."""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from bot.skills.logs.analysis import analyse
from bot.skills.logs.digest import build
from bot.skills.logs.miner import Miner
from bot.skills.logs.sources import FileStream, TextStream

from ..token_counter import Counter
from . import logs_planted
from .logs_grouping import Grouping, score
from .logs_planted import Found
from .logs_sessions import Detection, detect, labels_of
from .logs_signals import Recall, Signal, critical_signals, missing, recall_of

BUDGETS = (1000, 2000, 4000)
_ALERT_BUDGET = 1000
_NO_ALERT = "-"
_TOLD_CHARS = 100
_N_SEEDS = 5
_N_SPLITS = 10

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Which alert tags have a line in a digest.

    Attributes:
        n_shown: Tags of which a line is in the text.
        n: Tags there are.
        lacking: Tags without a line.
    """

    n_shown: int
    n: int
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseFindings:
    """What was found where nothing had changed.

    Attributes:
        kind: How the pairs of logs were made.
        n_splits: Pairs of logs that were compared.
        found: One text for each finding.
    """

    kind: str
    n_splits: int
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsReport:
    """The figures; a part is empty or None when its data are not there.

    Attributes:
        tokens: Whose tokens the budgets are counted in.
        grouping: By system.
        recall: By budget, in tokens.
        seconds: How long it took.
    """

    tokens: str
    grouping: dict[str, Grouping]
    recall: dict[int, Recall]
    alerts: dict[str, Alerts]
    sessions: dict[str, Detection]
    false_findings: tuple[FalseFindings, ...]
    planted: tuple[Found, ...]
    seconds: float

    @property
    def mean_ga(self) -> float:
        """Mean grouping accuracy over the systems; 0 without any."""
        return _mean(each.ga for each in self.grouping.values())

    @property
    def mean_fga(self) -> float:
        """Mean F1 of the groups over the systems; 0 without any."""
        return _mean(each.fga for each in self.grouping.values())


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def evaluate(data_dir: Path, counter: Counter, progress: Progress) -> LogsReport:
    """Score everything for which the folder has data.

    Args:
        data_dir: Has `loghub/SYSTEM/*.log` with `*.log_structured.csv`, or with
            `block_labels.csv.gz`; and `logdx/SPLIT/CASE/raw.log` with `ground_truth.json`.

    Raises:
        ValueError: There are no such data, or a label cannot be understood.
        OSError: A file cannot be read.
    """
    started = time.perf_counter()
    tables = sorted(data_dir.glob("loghub/*/*.log_structured.csv"))
    cases = sorted(data_dir.glob("logdx/*/*/ground_truth.json"))
    sessions = sorted(data_dir.glob("loghub/*/block_labels.csv.gz"))
    if not (tables or cases or sessions):
        raise ValueError(f"{data_dir} has no labelled logs (loghub/, logdx/)")
    return LogsReport(
        tokens=counter.name,
        grouping={path.parent.name: _grouping(path, progress) for path in tables},
        recall=_recall(cases, counter, progress) if cases else {},
        alerts=_all_alerts(tables, counter),
        sessions={path.parent.name: _sessions(path, progress) for path in sessions},
        false_findings=_false_findings(tables, progress),
        planted=_planted(progress),
        seconds=round(time.perf_counter() - started, 1),
    )


def _log_of(table: Path) -> Path:
    return table.with_name(table.name.removesuffix("_structured.csv"))


def _column(table: Path, name: str) -> list[str]:
    with table.open(encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file) if name in row]


def _grouping(table: Path, progress: Progress) -> Grouping:
    progress(f"templates of {table.parent.name}")
    miner = Miner()
    block = _log_of(table).read_bytes().replace(b"\r\n", b"\n").removesuffix(b"\n")
    shapes = miner.shapes_of(block)
    return score(_column(table, "EventId"), [shape.template.root.template_id for shape in shapes])


def _digest_of(path: Path, budget: int, counter: Counter) -> str:
    stream = FileStream(name=path.name, paths=(path,))
    return _text_of(stream, budget, counter)


def _text_of(stream: FileStream | TextStream, budget: int, counter: Counter) -> str:
    analysis = analyse({stream.name: (stream,)}, None, datetime.now(UTC))
    return build(
        analysis,
        budget_tokens=budget,
        zone=UTC,
        only_telling=False,
        max_entries=200,
        count_tokens=counter.count,
    ).text


def _recall(cases: list[Path], counter: Counter, progress: Progress) -> dict[int, Recall]:
    signals = {path.parent.name: _signals(path) for path in cases}
    found: dict[int, Recall] = {}
    for budget in BUDGETS:
        progress(f"digests of {len(cases)} failed jobs in {budget:,} tokens")
        texts = {p.parent.name: _digest_of(p.with_name("raw.log"), budget, counter) for p in cases}
        missed = {name: (signals[name], missing(signals[name], texts[name])) for name in texts}
        found[budget] = recall_of(missed, max(counter.count(text) for text in texts.values()))
    return found


def _signals(path: Path) -> tuple[Signal, ...]:
    try:
        truth = cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))
        return critical_signals(truth)
    except ValueError as exc:
        raise ValueError(f"{path}: {exc}") from exc


def _all_alerts(tables: list[Path], counter: Counter) -> dict[str, Alerts]:
    labels = {table: _column(table, "Label") for table in tables}
    return {
        table.parent.name: _alerts(table, tags, counter)
        for table, tags in labels.items()
        if len(set(tags) - {_NO_ALERT}) > 1
    }


def _alerts(table: Path, tags: list[str], counter: Counter) -> Alerts:
    """A tag is shown when the message of one of its lines is in the digest, as far as its
    first 100 characters.

    The tag itself, which is the first word of each line, is not given to the analysis.
    """
    lines = _log_of(table).read_text(encoding="utf-8", errors="replace").splitlines()
    plain = [line.split(" ", 1)[-1] for line in lines]
    text = _text_of(TextStream(name="log", text="\n".join(plain)), _ALERT_BUDGET, counter)
    messages = _column(table, "Content")
    shown = {
        tag
        for message, tag in zip(messages, tags, strict=True)
        if message.strip()[:_TOLD_CHARS] in text
    }
    wanted = set(tags) - {_NO_ALERT}
    return Alerts(n_shown=len(shown & wanted), n=len(wanted), lacking=tuple(sorted(wanted - shown)))


def _lines_beside(labels: Path) -> list[bytes]:
    packed = sorted(labels.parent.glob("*.log.gz"))
    if not packed:
        raise ValueError(f"{labels.parent} has no packed log")
    with gzip.open(packed[0]) as file:
        return file.read().splitlines()


def _sessions(labels: Path, progress: Progress) -> Detection:
    progress(f"sessions of {labels.parent.name}")
    return detect(_lines_beside(labels), labels_of(labels))


def _false_findings(tables: list[Path], progress: Progress) -> tuple[FalseFindings, ...]:
    """In real logs, divided at random, and in logs in which nothing changes."""
    progress("findings where nothing changed")
    logs = [_log_of(table) for table in tables][:_N_SPLITS]
    forms = list(logs_planted.FORMATS)
    steady = [(forms[seed % len(forms)], seed) for seed in range(_N_SPLITS)]
    return (
        _false_in("random halves", logs, 0.5),
        _false_in("a random fifth against the rest", logs, 0.2),
        FalseFindings(
            kind="steady log, its end against its beginning",
            n_splits=len(steady),
            found=tuple(t for each in steady for t in logs_planted.false_in_time(*each)),
        ),
        FalseFindings(
            kind="steady log, against another one",
            n_splits=len(steady),
            found=tuple(t for each in steady for t in logs_planted.false_in_parts(*each)),
        ),
    )


def _false_in(kind: str, logs: list[Path], share: float) -> FalseFindings:
    found: list[str] = []
    for path in logs:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for seed in range(_N_SEEDS):
            false = logs_planted.false_in_split(lines, seed, share)
            found += (f"{path.stem}: {each}" for each in false)
    return FalseFindings(kind=kind, n_splits=len(logs) * _N_SEEDS, found=tuple(found))


def _planted(progress: Progress) -> tuple[Found, ...]:
    found: list[Found] = []
    for kind in logs_planted.KINDS:
        progress(f"planted changes: {kind}")
        found.append(logs_planted.found_of(kind, _N_SEEDS))
    return tuple(found)
