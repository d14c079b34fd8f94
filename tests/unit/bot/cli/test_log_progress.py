"""Progress is said once reading takes long, and never where nobody wants it."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from bot.cli.log_progress import show_reading
from bot.skills.logs.sources import FileStream, TextStream


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(tmp_path: Path, *, quiet: bool, terminal: bool, seconds: tuple[float, ...]) -> str:
    """What is written while 1,000 lines of 1 MB are read at each of some moments."""
    path = tmp_path / "app.log"
    path.write_bytes(b"x" * 10_000_000)
    streams = {"app": (FileStream(name="app", paths=(path,)),)}
    out, clock = io.StringIO(), Clock()
    console = Console(file=out, force_terminal=terminal, width=100, _environ={})
    with show_reading(streams, quiet=quiet, console=console, clock=clock) as watch:
        for clock.now in seconds:
            watch(1000, 1_000_000)
    return out.getvalue()


def test_what_takes_two_seconds_or_less_shows_nothing(tmp_path: Path) -> None:
    assert shown(tmp_path, quiet=False, terminal=False, seconds=(0.5, 1.9)) == ""
    assert shown(tmp_path, quiet=False, terminal=True, seconds=(0.5, 1.9)) == ""


def test_without_a_terminal_a_sentence_is_said_now_and_then(tmp_path: Path) -> None:
    text = shown(tmp_path, quiet=False, terminal=False, seconds=(1, 4, 5, 9, 20))
    assert text == (
        "read 2,000 lines, 2 MB, 0 MB/s, about 16 s left\n"
        "read 5,000 lines, 5 MB, 0 MB/s, about 20 s left\n"
    )


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    text = shown(tmp_path, quiet=False, terminal=True, seconds=(1, 4))
    assert "reading" in text
    assert "2,000 lines" in text


def test_nothing_is_shown_beside_json(tmp_path: Path) -> None:
    assert shown(tmp_path, quiet=True, terminal=True, seconds=(1, 4, 60)) == ""


def test_of_a_source_of_unknown_length_nothing_is_foretold() -> None:
    out, clock = io.StringIO(), Clock()
    streams = {"text": (TextStream(name="text", text="x"),)}
    console = Console(file=out, width=100)
    with show_reading(streams, quiet=False, console=console, clock=clock) as watch:
        clock.now = 4.0
        watch(8000, 0)
    assert out.getvalue() == "read 8,000 lines, 0 MB, 0 MB/s\n"
