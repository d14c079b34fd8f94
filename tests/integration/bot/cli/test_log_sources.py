"""`opsbot logs lines` and `opsbot logs tail` in processes of their own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.logs import app

LOG = "".join(
    f"2026-11-21T08:00:{second:02d}Z {'ERROR' if second == 7 else 'INFO'} line {second}\n"
    for second in range(20)
)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "app.log"
    path.write_text(LOG)
    return path


def _lines(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, ["lines", *map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_lines_are_selected_by_time_level_and_text(log: Path) -> None:
    record = _lines(log, "--since", "2026-11-21T08:00:05", "--until", "2026-11-21T08:00:09+00:00")
    assert [line["number"] for line in record["lines"]] == [6, 7, 8, 9]
    assert (record["lines_read"], record["lines_shown"]) == (20, 4)
    assert [line["number"] for line in _lines(log, "--level", "error")["lines"]] == [8]
    assert len(_lines(log, "--contains", "LINE 1")["lines"]) == 11


def test_a_service_of_the_settings_is_a_source(log: Path) -> None:
    toml = f'[logs.sources]\ncheckout = ["{log.parent}/app*.log", "docker:--x"]\n'
    (log.parent / "opsbot.toml").write_text(toml)
    record = _lines("checkout", "--level", "error")
    assert [line["source"] for line in record["lines"]] == ["app.log"]
    assert "not the name of a container" in record["problems"][0]


def test_nothing_found_is_said_as_no_lines(log: Path) -> None:
    result = CliRunner().invoke(app, ["lines", str(log), "--contains", "nowhere"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no lines of 20 read" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "yesterday"], "is no time"),
        (["--level", "loud"], "is no level"),
    ],
)
def test_a_wrong_option_gets_one_sentence(log: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["lines", str(log), *arguments])
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("source", ["docker:--help", "kubectl:x", "loki:x"])
def test_a_wrong_source_gets_one_sentence(log: Path, source: str) -> None:
    result = CliRunner().invoke(app, ["lines", source])
    assert result.exit_code == 2
    assert source in result.stderr.replace("\n", " ")


def _add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


async def _until(stream: asyncio.StreamReader, text: bytes) -> bytes:
    got = b""
    async with asyncio.timeout(30):
        while text not in got:
            piece = await stream.read(4096)
            assert piece, got
            got += piece
    return got


async def test_tail_follows_a_file_over_its_rotation(log: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "logs", "tail", str(log), "-n", "2"),
        cwd=Path(__file__).parents[4],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert (await _until(process.stdout, b"line 19\n")).count(b"\n") == 2
        await asyncio.to_thread(log.rename, log.with_name("app.log.1"))
        await asyncio.to_thread(log.write_text, "after rotation\n")
        await _until(process.stdout, b"after rotation\n")
        await _until(process.stderr, b"was rotated")
        await asyncio.to_thread(_add, log, "and more\n")
        await _until(process.stdout, b"and more\n")
        process.send_signal(signal.SIGINT)
        assert b"4 lines of 4 read" in await _until(process.stderr, b" read\n")
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
