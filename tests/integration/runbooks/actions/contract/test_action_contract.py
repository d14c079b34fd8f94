"""What every runner promises, whatever kind of action it runs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from runbooks.actions.base import ActionEvent, ActionResult, Line, collect
from runbooks.actions.kinds import Action

from .conftest import Bench

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


async def run(bench: Bench, action: Action) -> ActionResult:
    async with asyncio.timeout(120):
        return await collect(bench.runner, action, bench.context)


async def ends(bench: Bench) -> bool:
    """Whether what was at work ends; some seconds, for a machine under load."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not await bench.is_working():
            return True
        await asyncio.sleep(0.05)
    return False


async def begins(bench: Bench) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if await bench.is_working():
            return True
        await asyncio.sleep(0.05)
    return False


async def test_success_shows_the_output(bench: Bench) -> None:
    result = await run(bench, bench.say(["alpha", "beta"]))
    assert result.ok, result
    assert result.output.index("alpha") < result.output.index("beta")
    assert result.seconds > 0


async def test_failure_is_a_result(bench: Bench) -> None:
    result = await run(bench, bench.fail)
    assert not result.ok
    assert result.detail


async def test_an_unreachable_target_is_a_clear_sentence(bench: Bench) -> None:
    result = await run(bench, bench.unreachable)
    assert not result.ok
    assert bench.complaint in f"{result.detail} {result.output}"


async def test_a_timeout_leaves_nothing_running(bench: Bench) -> None:
    limit_s = 2.0 if bench.streams else 6.0
    running = asyncio.create_task(run(bench, replace(bench.hang, timeout_s=limit_s)))
    assert await begins(bench)
    result = await running
    assert not result.ok
    assert result.detail.startswith(f"timed out after {limit_s:g} s")
    assert result.seconds < limit_s + 10
    assert await ends(bench)


async def test_closing_the_generator_ends_the_work(bench: Bench) -> None:
    events = bench.runner.run(bench.hang, bench.context)
    first: asyncio.Task[ActionEvent] = asyncio.create_task(anext(events))
    assert await begins(bench)
    if bench.streams:
        assert await first == Line(text="begun")
    else:
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    async with asyncio.timeout(20):
        await events.aclose()
    assert await ends(bench)


async def test_every_line_shown_is_in_the_result(bench: Bench) -> None:
    events = bench.runner.run(bench.say(["one", "two"]), bench.context)
    lines: list[str] = []
    results: list[ActionResult] = []
    async for event in events:
        assert not results
        if isinstance(event, Line):
            lines.append(event.text)
        else:
            results.append(event)
    assert len(results) == 1
    assert results[0].output == "\n".join(lines)


async def test_output_is_bounded_and_the_cut_is_counted(bench: Bench) -> None:
    if bench.flood is None:
        pytest.skip("this kind has no output of any length")
    n_streamed = 0
    result: ActionResult | None = None
    async with asyncio.timeout(120):
        async for event in bench.runner.run(bench.flood, bench.context):
            if isinstance(event, ActionResult):
                result = event
            else:
                n_streamed += 1
    assert result is not None
    assert len(result.output) < 500_000
    assert n_streamed <= 2001
    assert "lines cut" in result.output or "more rows" in result.output
    assert any(character.isdigit() for character in result.output.split("…")[1])


async def test_secrets_and_control_characters_do_not_come_out(bench: Bench) -> None:
    lines = [f"token={TOKEN}", "\x1b[31mred\x1b[0m\x07", "postgres://app:hunter2hunter2@db/x"]
    shown = [
        event.text if isinstance(event, Line) else f"{event.output}\n{event.detail}"
        async for event in bench.runner.run(bench.say(lines), bench.context)
    ]
    everything = "\n".join(shown)
    assert "red" in everything
    assert TOKEN not in everything
    assert "hunter2hunter2" not in everything
    assert not any(sign in everything for sign in ("\x1b", "\x07"))
