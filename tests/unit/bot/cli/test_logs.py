"""`opsbot logs` as scripts use it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.logs import app

GOOD = "".join(f"2026-11-21T08:00:{s:02d}Z INFO app GET /x 200 {s} ms\n" for s in range(40))
BAD = "".join(
    f"2026-11-21T08:01:{s:02d}Z ERROR app pool exhausted, {s} waiting\n" for s in range(20)
)


def _run(*arguments: str | Path) -> tuple[int, Any]:
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--json")])
    return result.exit_code, json.loads(result.stdout) if result.exit_code == 0 else result.output


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text(GOOD + BAD)
    return path


def test_templates_lists_messages_and_assigns_every_line(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    code, record = _run("templates", log, "--assignments", out)
    assert code == 0
    assert record["lines"] == 60
    assert [row["count"] for row in record["templates"]] == [40, 20]
    assert record["templates"][1]["example"] == BAD.splitlines()[0]
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["line_number"] for row in rows] == [str(n) for n in range(1, 61)]
    ids = [row["id"] for row in record["templates"]]
    assert [row["template_id"] for row in rows] == [ids[0]] * 40 + [ids[1]] * 20


def test_digest_accounts_for_every_line(log: Path) -> None:
    code, record = _run("digest", log)
    assert code == 0
    assert record["lines_in"] == 60
    parts = ("lines_shown", "lines_folded", "lines_skipped")
    assert sum(record[part] for part in parts) == 60
    assert record["findings"][0]["template"] == "app pool exhausted, <n> waiting"
    assert record["findings"][0]["change"] == "new"
    assert "[1] NEW 20× ERROR :41 ERROR app pool exhausted, 0 waiting" in record["text"]


def test_digest_compares_with_a_baseline(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.log", tmp_path / "bad.log"
    good.write_text(GOOD)
    bad.write_text(BAD)
    code, record = _run("digest", bad, "--baseline", good)
    assert code == 0
    assert [row["change"] for row in record["findings"]] == ["new", "gone"]


def test_a_log_against_itself_has_no_findings_but_still_a_text(tmp_path: Path) -> None:
    usual = tmp_path / "usual.log"
    usual.write_text(GOOD)
    code, record = _run("digest", usual, "--baseline", usual)
    assert code == 0
    assert record["findings"] == []
    assert record["lines_shown"] > 0


def test_digest_says_which_jobs_went_differently(tmp_path: Path) -> None:
    lines: list[str] = []
    for number in range(100):
        job = f"job-{number * 7919:08d}"
        lines += [f"accepted {job} from queue", f"working on {job} now"]
        lines += [f"finished {job} well"] if number != 50 else []
    path = tmp_path / "jobs.log"
    path.write_text("\n".join(lines))
    code, record = _run("digest", path, "--sessions")
    assert code == 0
    assert (record["sessions"]["n_sessions"], record["sessions"]["n_odd"]) == (100, 1)
    assert "1 of 100 job* went differently:" in record["text"]
    assert "sessions" not in _run("digest", path)[1]


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["templates", str(tmp_path / "none.log")])
    assert result.exit_code == 1
    assert "cannot be read: No such file or directory" in " ".join(result.output.split())


def test_a_binary_is_a_problem_in_the_record(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)) * 40)
    code, record = _run("digest", path)
    assert code == 0
    assert record["problems"] == ["a.bin: binary, not a log (10,240 bytes were not read)"]
    assert record["lines_in"] == 0


def test_a_pipe_is_read_as_a_file_is(log: Path) -> None:
    result = CliRunner().invoke(app, ["templates", "-", "--json"], input=log.read_bytes())
    assert json.loads(result.stdout)["lines"] == 60


def test_the_log_itself_is_never_overwritten(log: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.log"
    link.symlink_to(log)
    code, message = _run("templates", log, "--assignments", link)
    assert code == 2
    assert "is the log itself" in " ".join(message.split())
    assert log.read_text() == GOOD + BAD


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_assignments_that_do_not_fit_get_one_sentence(log: Path) -> None:
    code, message = _run("templates", log, "--assignments", "/dev/full")
    assert code == 1
    assert message.startswith("opsbot: /dev/full cannot be written: No space left")


def test_a_closed_input_gets_one_sentence() -> None:
    program = "import sys; sys.stdin = None; from bot.cli.logs import app; app()"
    arguments = [sys.executable, "-c", program, "templates", "-"]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith("opsbot: - means standard input, and there is none")


def test_standard_input_is_not_its_own_baseline(log: Path) -> None:
    arguments = ["digest", "-", "--baseline", "-", "--json"]
    result = CliRunner().invoke(app, arguments, input=log.read_bytes())
    assert result.exit_code == 2
    assert "standard input can be read once" in result.output


def test_a_glob_brings_the_rotated_set_in_order(tmp_path: Path) -> None:
    (tmp_path / "app.log.1").write_text(GOOD)
    (tmp_path / "app.log").write_text(BAD)
    code, record = _run("templates", tmp_path / "app.lo*")
    assert code == 0
    assert [row["count"] for row in record["templates"]] == [40, 20]


def test_a_glob_without_files_gets_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["digest", str(tmp_path / "none*.log")])
    assert result.exit_code == 1
    assert "no file matches" in result.output


def test_a_glob_of_several_logs_is_no_single_log(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(GOOD)
    result = CliRunner().invoke(app, ["templates", str(tmp_path / "*.log")])
    assert result.exit_code == 2
    assert "several logs (a.log, b.log)" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("options", "n_lines"),
    [
        (("--since", "2026-11-21T08:01:00Z"), 20),
        (("--until", "2026-11-21T08:00:10Z"), 10),
        (("--since", "2026-11-21T08:00:30Z", "--until", "2026-11-21T08:01:05Z"), 15),
        (("--level", "error"), 20),
        (("--contains", "Pool Exhausted, 7"), 1),
        (("--level", "error", "--contains", "GET"), 0),
    ],
)
def test_a_digest_is_of_the_selected_lines_alone(
    log: Path, options: tuple[str, ...], n_lines: int
) -> None:
    code, record = _run("digest", log, *options)
    assert code == 0
    assert record["lines_in"] == n_lines
    parts = ("lines_shown", "lines_folded", "lines_skipped")
    assert sum(record[part] for part in parts) == n_lines


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "soon"), "soon is no time"),
        (("--since", "999999w"), "999999w is no time"),
        (("--level", "loud"), "loud is no level"),
        (("--since", "1h", "--until", "2h"), "--since 1h is not before --until 2h"),
    ],
)
def test_a_selection_that_means_nothing_is_refused(
    log: Path, options: tuple[str, ...], said: str
) -> None:
    result = CliRunner().invoke(app, ["digest", str(log), *options])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_files_of_one_name_are_told_apart_by_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host, text in (("h1", "disk full"), ("h2", "queue lost")):
        (tmp_path / host).mkdir()
        (tmp_path / host / "app.log").write_text(f"2026-11-21T08:00:00Z ERROR app {text}\n")
    monkeypatch.chdir(tmp_path)
    code, record = _run("digest", "h1/app.log", "h2/app.log")
    assert (code, record["lines_in"]) == (0, 2)
    assert {"h1/app.log:1", "h2/app.log:1"} <= set(record["text"].replace(" ", "\n").split("\n"))
    code, said = _run("digest", "h1/app.log", "h1/app.log")
    assert code == 2
    assert "named twice" in said


def test_an_output_that_has_no_room_is_said_in_one_sentence(log: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "logs", "digest", str(log), "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "opsbot: not everything could be written: No space left on device\n"
