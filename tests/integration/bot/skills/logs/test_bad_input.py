"""Logs as they come: what can be read is analysed, what cannot is said, and nothing hangs."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.logs import app
from bot.messages import Actor, Note, Prose, Reply, Request, ThreadRef
from bot.settings import LogSettings
from bot.skills.logs import LogsSkill
from bot.skills.logs.blocks import Intake
from bot.skills.logs.sources import InputStream, LogQuery, streams_of
from inference.request import Ended, Event, GenerateRequest, Outcome

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
N_GOOD, N_BAD = 700, 90
GOOD = "".join(
    f"{NOW - timedelta(seconds=800 - s):%Y-%m-%dT%H:%M:%SZ} INFO app GET /x {s} ms\n"
    for s in range(N_GOOD)
)
BAD = "".join(
    f"{NOW - timedelta(seconds=95 - s):%Y-%m-%dT%H:%M:%SZ} ERROR app pool exhausted {s}\n"
    for s in range(N_BAD)
)
LOG = GOOD + BAD
N_LINES = N_GOOD + N_BAD
Make = Callable[[Path], object]


class Silent:
    """A model that says nothing."""

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        yield Ended(outcome=Outcome.FINISHED, reason="")


async def asked(*sources: str) -> str:
    """What the answer to a question about these sources says below its findings."""
    settings = LogSettings(sources={"shop": sources})
    request = Request(
        request_id="r1",
        text="why is shop failing in the last hour?",
        actor=Actor(user_id="U1", team_id="T1", name="ann", timezone="UTC"),
        thread=ThreadRef("", "1.0"),
        received_at=NOW,
    )
    skill = LogsSkill(settings, Silent(), model_name="tiny")
    events = [event async for event in skill.answer(request, ())]
    last = [event for event in events if isinstance(event, Reply)][-1]
    return "\n".join(part.text for part in last.parts if isinstance(part, (Note, Prose)))


def n_read(said: str) -> int:
    """The number of lines of the answer, once its parts add up to it."""
    found = re.search(
        r"read ([\d,]+) = shown ([\d,]+) \+ folded ([\d,]+) \+ skipped ([\d,]+)", said
    )
    assert found is not None, said
    total, *parts = (int(number.replace(",", "")) for number in found.groups())
    assert total == sum(parts)
    return total


def dated(path: Path) -> Path:
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    return path


def digest(*arguments: str | Path) -> tuple[int, str, dict[str, Any]]:
    result = CliRunner().invoke(app, ["digest", *map(str, arguments), "--json"])
    output = " ".join(result.output.split())
    return result.exit_code, output, json.loads(result.stdout) if result.exit_code == 0 else {}


@pytest.mark.parametrize(
    ("content", "n_lines", "said"),
    [
        pytest.param(LOG.encode() + b"x" * 10_000_000 + b"\n", N_LINES + 1,
                     "1 line longer than 64 KiB", id="a 10 MB line"),
        pytest.param(b"\0" * 100_000 + LOG.encode().replace(b"pool", b"po\0ol"), N_LINES,
                     "", id="zero bytes"),
        pytest.param(LOG.encode("utf-16"), N_LINES, "", id="UTF-16"),
        pytest.param((BAD + GOOD).encode(), N_LINES, "the clock went back 1 time", id="clock"),
        pytest.param(re.sub(r"^\S+ ", "", LOG, flags=re.MULTILINE).encode(), N_LINES,
                     "", id="no times"),
        pytest.param((LOG + "ERROR Größe\n").encode("latin-1"), N_LINES + 1,
                     "1 line not in UTF-8", id="mixed encodings"),
        pytest.param(LOG.encode()[:-1], N_LINES, "", id="no last newline"),
    ],
)  # fmt: skip
async def test_what_is_not_clean_is_analysed_and_counted(
    tmp_path: Path, content: bytes, n_lines: int, said: str
) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(content)
    answer = await asked(str(dated(path)))
    assert n_read(answer) == n_lines
    assert said in answer
    code, _, record = digest(path)
    assert (code, record["lines_in"]) == (0, n_lines)
    assert any(said in problem for problem in record["problems"]) == bool(said)


async def test_the_whole_part_of_a_truncated_gzip_is_read(tmp_path: Path) -> None:
    packed = gzip.compress(LOG.encode())
    path = tmp_path / "app.log.gz"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    answer = await asked(str(dated(path)))
    assert "app.log.gz: damaged after line" in answer
    assert 0 < n_read(answer) < N_LINES


async def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    assert "No lines of shop" in await asked(str(path))
    result = CliRunner().invoke(app, ["digest", str(path)])
    assert result.stdout.startswith("no lines\nread 0 = ")


def _link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(Path.mkdir, "is a folder: name its files", id="a folder"),
        pytest.param(os.mkfifo, "is no file", id="a pipe"),
        pytest.param(_link_to_zeros, "is no file", id="a device"),
        pytest.param(_loop, "is no file", id="a loop of links"),
    ],
)
async def test_what_is_no_file_is_said_beside_what_was_read(
    tmp_path: Path, make: Make, said: str
) -> None:
    odd, good = tmp_path / "odd.log", tmp_path / "good.log"
    make(odd)
    good.write_text(LOG)
    answer = await asked(str(odd), str(dated(good)))
    assert f"{odd} {said}" in answer
    assert n_read(answer) == N_LINES


@pytest.mark.parametrize("make", [Path.mkdir, _link_to_zeros, _loop])
def test_a_terminal_refuses_what_is_no_file(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "odd.log"
    make(path)
    code, output, _ = digest(path)
    assert code == 1
    assert "is no file" in output or "cannot be read" in output


async def test_a_file_that_goes_before_it_is_read_is_said(tmp_path: Path) -> None:
    rotated, live = tmp_path / "app.log.1", tmp_path / "app.log"
    rotated.write_text(GOOD)
    live.write_text(BAD)
    (stream,) = streams_of([str(live)])
    rotated.unlink()
    intake = Intake()
    n_lines = sum(len(chunk.lines) for chunk in stream.chunks(LogQuery(), NOW, intake))
    assert (n_lines, intake.n_lines) == (N_BAD, N_BAD)
    assert intake.problems == ["app.log.1: No such file or directory"]


async def test_a_file_that_goes_half_way_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(LOG * 40)
    (stream,) = streams_of([str(path)])
    intake = Intake()
    chunks = stream.chunks(LogQuery(), NOW, intake)
    n_lines = len(next(chunks).lines)
    path.unlink()
    n_lines += sum(len(chunk.lines) for chunk in chunks)
    assert n_lines == intake.n_lines == N_LINES * 40


async def test_a_file_is_read_once_whatever_links_lead_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "app.log"
    path.write_text(LOG)
    (folder / "again").symlink_to(".")
    (folder / "link.log").symlink_to(path)
    os.link(path, folder / "second.log")
    dated(path)
    assert n_read(await asked(str(folder / "**" / "*.log"))) == N_LINES


def test_a_pipe_is_read_until_its_writer_is_done(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    nobody_yet = os.open(path, os.O_RDWR)
    os.write(nobody_yet, b"ERROR app no room\n" * 3)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # keeps the bytes until they are read
    os.close(nobody_yet)
    code, _, record = digest(path)
    os.close(reader)
    assert (code, record["lines_in"]) == (0, 3)


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    code, _, record = digest(path)
    assert (code, record["lines_in"]) == (0, 0)


def test_a_pipe_without_lines_ends() -> None:
    with Path("/dev/zero").open("rb") as zeros:
        intake = Intake()
        chunks = list(InputStream(raw=zeros).chunks(LogQuery(), NOW, intake))
    assert sum(len(chunk.block) for chunk in chunks) <= 64 * 1024
    assert "no line ended within 256 MiB" in intake.problems[0]


def test_ten_thousand_files_are_one_answer(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"w{number:05d}.log").write_text(f"ERROR app no room {number}\n")
    code, _, record = digest(tmp_path / "*.log", "--budget-tokens", "300")
    assert (code, record["lines_in"]) == (0, 10_000)
    assert sum(record[f"lines_{part}"] for part in ("shown", "folded", "skipped")) == 10_000
    assert len(record["text"]) < 4000


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, _link_to_zeros])
def test_what_is_no_file_cannot_be_followed(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "odd.log"
    make(path)
    result = CliRunner().invoke(app, ["tail", str(path)])
    assert result.exit_code == 2
    assert "is no file" in " ".join(result.output.split())
