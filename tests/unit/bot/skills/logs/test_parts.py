"""A file that is counted in parts gives what it gives as a whole, wherever it is cut."""

from __future__ import annotations

import os
import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.skills.logs import parts, reader
from bot.skills.logs.analysis import Analysis, analyse
from bot.skills.logs.crew import Crew
from bot.skills.logs.digest import build
from bot.skills.logs.sources import FileStream, Limits

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = START + timedelta(days=3)
_TRACE = (
    "Traceback (most recent call last):",
    '  File "a.py", line 3, in f',
    "    return g(x)",
    "ValueError: no such order",
    "",
)
_WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything a thousand times smaller, so that small logs have many parts."""
    for module in ("blocks", "parts"):
        monkeypatch.setattr(f"bot.skills.logs.{module}.BLOCK_BYTES", 1024)
    monkeypatch.setattr(parts, "_PART_BYTES", 2048)


def random_log(seed: int, n_lines: int) -> str:
    """Levels, values, traces, clocks that jump, long lines and lines without times."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    at, lines = 0.0, list[str]()
    while len(lines) < n_lines:
        at += rng.choice((0, 0.2, 1, 7, 400, -0.5, -30)) if rng.random() < 0.9 else 0
        head = f"{START + timedelta(seconds=int(at)):%Y-%m-%dT%H:%M:%S}Z"
        kind, word, number = rng.randrange(12), rng.choice(_WORDS), rng.randrange(10**6)
        if kind == 0:
            lines += (f"{head} ERROR shop order {number} failed", *_TRACE[: rng.randrange(6)])
        elif kind == 1:
            lines.append(
                f'{head} INFO web "GET /x/{number} HTTP/1.1" {rng.choice((200, 404, 500))} 1'
            )
        elif kind == 2:
            lines.append(f"{head} WARN cache shard {word} of pool {number} is nearly full now")
        elif kind == 3:
            lines.append("x" * rng.choice((10, 3000)))
        elif kind == 4:
            lines.append(f"{head} INFO new words {''.join(rng.choices('abcdefghij', k=6))} came by")
        else:
            lines.append(f"{head} INFO job {word} took {number} ms")
    return "\n".join(lines) + rng.choice(("", "\n", "\n\n"))


def told(analysis: Analysis) -> tuple[object, ...]:
    """Everything that an analysis says."""
    (service,) = analysis.services
    intake = service.intake
    moved = [
        (m.row.key, m.row.pattern, dict(m.row.ticks), dict(m.row.firsts), m.row.last_second)
        for m in analysis.movements
    ]
    judged = [
        (m.row.surroundings, m.change, m.label, m.first, m.n_lines) for m in analysis.movements
    ]
    counts = (intake.n_lines, intake.n_cut, intake.n_undecodable, tuple(intake.problems))
    text = build(analysis, budget_tokens=1000, zone=UTC, only_telling=False).text
    return text, moved, judged, counts, service.n_lines, service.n_backwards, service.tick_s


def both_ways(path: Path, crew: Crew) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """What is said of a file read as a whole, and read in parts."""
    streams = {"log": (FileStream(name="log", paths=(path,)),)}
    return told(analyse(streams, None, NOW)), told(analyse(streams, None, NOW, crew=crew))


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is worth being cut."""
    monkeypatch.setattr(reader, "WORTHWHILE_BYTES", 0)


@pytest.mark.usefixtures("small_blocks", "all_are_large")
@pytest.mark.parametrize("seed", range(12))
def test_parts_give_what_the_whole_gives(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(random_log(seed, 600))
    with Crew(0) as crew:
        whole, in_parts = both_ways(path, crew)
    assert in_parts == whole


@pytest.mark.usefixtures("small_blocks", "all_are_large")
def test_bytes_that_are_no_text_are_counted_the_same(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    text = random_log(3, 400).encode().replace(b"alpha", b"\xffl\xe9").replace(b"beta", b"\0\0b\r")
    path.write_bytes(text + b"y" * 200_000 + b"\n" + text)
    with Crew(0) as crew:
        whole, in_parts = both_ways(path, crew)
    assert in_parts == whole


@pytest.mark.usefixtures("small_blocks")
def test_the_spans_of_a_file_cover_it_once(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    data = random_log(5, 500).encode()
    path.write_bytes(data)
    found = list(parts.spans(path, 1024, len(data)))
    assert found[0].start == 1024
    assert [span.end for span in found[:-1]] == [span.start for span in found[1:]]
    assert [span.is_last for span in found] == [False] * (len(found) - 1) + [True]
    assert found[-1].end == os.path.getsize(path)
    assert all(data[span.first_line - 1 : span.first_line] == b"\n" for span in found)
    assert all(b"\n" not in data[span.first_line : span.start] for span in found)


@pytest.mark.usefixtures("small_blocks", "all_are_large")
def test_nobody_who_stopped_waiting_gets_more_lines(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(random_log(1, 2000))
    limits, stop = Limits(), threading.Event()
    streams = {"log": (FileStream(name="log", paths=(path,), limits=limits),)}

    def watch(n_lines: int, n_bytes: int) -> None:
        if stop.is_set():
            limits.stop.set()
        stop.set()

    with Crew(0) as crew:
        analysis = analyse(streams, None, NOW, crew=crew, watch=watch)
    assert 0 < analysis.services[0].intake.n_lines < 2000
    assert analysis.problems == ("app.log: reading was stopped",)
