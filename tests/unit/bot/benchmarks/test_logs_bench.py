"""The generated logs are what their names say, and the figures add up."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bot.benchmarks.large_log import write_large_log
from bot.benchmarks.logs import digest, digest_by_crew, mine, new_lines, usual_lines, write_log
from bot.skills.logs.miner import Miner


def test_the_usual_log_has_few_templates_and_is_the_same_every_time(tmp_path: Path) -> None:
    path = tmp_path / "usual.log"
    write_log(path, usual_lines(12_000))
    found = mine(path, "usual")
    assert found.n_lines == 12_000
    assert found.n_found < 10
    assert found.lines_per_s > 0
    assert list(usual_lines(50)) == list(usual_lines(50))


def test_in_the_worst_case_no_two_lines_have_the_same_letters() -> None:
    lines = [line.encode().translate(None, b"0123456789") for line in new_lines(500)]
    assert len(set(lines)) == 500
    miner = Miner()
    for line in new_lines(500):
        miner.shape_of(line.encode())
    assert len(miner.templates) < 20


def test_a_digest_is_measured_from_the_file_on(tmp_path: Path) -> None:
    path = tmp_path / "usual.log"
    write_log(path, usual_lines(3000))
    found = digest(path, "usual")
    assert (found.what, found.n_lines) == ("digest", 3000)
    assert found.n_found > 1
    assert found.peak_rss_mb is not None


def test_a_large_log_moves_in_time_and_has_traces(tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    write_large_log(path, 300_000)
    lines = path.read_text().splitlines()
    assert 300_000 <= path.stat().st_size < 400_000
    assert any(line.startswith("\tat ") for line in lines)
    stamps = [line[:20] for line in lines if line.startswith("2026")]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) > 20


def test_several_processes_are_measured_with_their_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    write_large_log(path, 100_000)
    alone, by_crew = digest(path, "large"), digest_by_crew(path, "large")
    assert (by_crew.n_lines, by_crew.n_found) == (alone.n_lines, alone.n_found)
    assert by_crew.peak_rss_mb is not None
    assert by_crew.peak_rss_mb > 10


def test_of_a_packed_log_the_unpacked_bytes_count(tmp_path: Path) -> None:
    plain, packed = tmp_path / "usual.log", tmp_path / "usual.log.gz"
    write_log(plain, usual_lines(20_000))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    found = digest(packed, "packed")
    assert found.n_lines == 20_000
    assert found.mb_per_s * found.seconds == pytest.approx(plain.stat().st_size / 1e6, rel=0.1)
