"""The evaluation reads labelled logs of its own layout and says what it cannot read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bot.evaluation import logs
from bot.token_counter import ESTIMATE, open_counter


def print_nothing(_text: str) -> None:
    """Shows no progress."""


def _system(folder: Path) -> None:
    folder.mkdir(parents=True)
    lines = [f"- 2026-03-02 09:00:{n:02d} INFO user {n} logged in" for n in range(30)]
    lines += ["DISK 2026-03-02 09:01:00 ERROR disk broken", "FAN 2026-03-02 09:01:00 ERROR fan off"]
    (folder / "Toy_2k.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = ["LineId,Label,Content,EventId"]
    for number, line in enumerate(lines, start=1):
        tag, _, _, _, message = line.split(" ", 4)
        rows.append(f"{number},{tag},{message},{message.split()[-1]}")
    (folder / "Toy_2k.log_structured.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _sessions(folder: Path) -> None:
    folder.mkdir(parents=True)
    names = [f"job_{n}" for n in range(60)]
    lines = [f"begin {name}" for name in names] + [f"end {name}" for name in names[1:]]
    with gzip.open(folder / "jobs.log.gz", "wt") as file:
        file.write("\n".join(lines))
    with gzip.open(folder / "block_labels.csv.gz", "wt") as file:
        file.write("id,anomaly\n" + "".join(f"{n},{int(n == 'job_0')}\n" for n in names))


def _case(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "raw.log").write_text("all well\nerror: it broke\n", encoding="utf-8")
    signals = [{"importance": "critical", "value": "error: it broke"}]
    (folder / "ground_truth.json").write_text(json.dumps({"required_signals": signals}))


def test_each_part_is_scored_where_its_data_are(tmp_path: Path) -> None:
    _system(tmp_path / "loghub" / "Toy")
    _sessions(tmp_path / "loghub" / "Jobs")
    _case(tmp_path / "logdx" / "dev" / "broken-001")
    said: list[str] = []
    report = logs.evaluate(tmp_path, ESTIMATE, said.append)
    assert report.grouping["Toy"].n_labelled == 3
    assert (report.alerts["Toy"].n_shown, report.alerts["Toy"].n) == (2, 2)
    assert report.sessions["Jobs"].f1 == 1
    assert report.recall[1000].recall == 1
    assert [each.n_splits for each in report.false_findings] == [5, 5, 10, 10]
    assert [each.found for each in report.false_findings[2:]] == [(), ()]
    assert all(each.n_found == each.n for each in report.planted)
    assert "templates of Toy" in said


def test_a_folder_without_labelled_logs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no labelled logs"):
        logs.evaluate(tmp_path, ESTIMATE, print_nothing)


def test_a_broken_label_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "logdx" / "dev" / "broken-001"
    _case(folder)
    (folder / "ground_truth.json").write_text("{}")
    with pytest.raises(ValueError, match=r"broken-001.*required_signals"):
        logs.evaluate(tmp_path, ESTIMATE, print_nothing)


def test_tokens_are_estimated_when_the_model_is_not_here(tmp_path: Path) -> None:
    with open_counter(str(tmp_path / "none.gguf"), tmp_path) as counter:
        assert counter is ESTIMATE
