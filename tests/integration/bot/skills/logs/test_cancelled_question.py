"""A question that nobody waits for any more stops what reads for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Actor, Request, ThreadRef
from bot.settings import LogSettings
from bot.skills.logs import LogsSkill
from inference.request import Ended, Event, GenerateRequest, Outcome

from .conftest import Call, Serve

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
ASKED = Request(
    request_id="r1",
    text="why is shop failing in the last hour?",
    actor=Actor(user_id="U1", team_id="T1", name="ann", timezone="UTC"),
    thread=ThreadRef("C1", "1.0"),
    received_at=NOW,
)


class Silent:
    """A model that says nothing."""

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        yield Ended(outcome=Outcome.FINISHED, reason="")


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


async def cancelled_when(settings: LogSettings, begun: threading.Event) -> None:
    """Ask, and cancel the question once its reading began."""

    async def ask() -> None:
        async for _ in LogsSkill(settings, Silent(), model_name="tiny").answer(ASKED, ()):
            pass

    asking = asyncio.create_task(ask())
    await until(begun)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def until_no_thread_reads() -> None:
    """The threads of a pool are told to end by closing it, and end when they are free."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(5):
        await loop.shutdown_default_executor()


async def test_a_server_is_asked_no_further(serve: Serve) -> None:
    begun, may_answer = threading.Event(), threading.Event()
    asked: list[Call] = []

    def endless(call: Call) -> tuple[int, Any]:
        asked.append(call)
        begun.set()
        may_answer.wait(10)
        start = int(call.params["start"])
        values = [[str(start + n), f"ERROR line {n}"] for n in range(1, 2001)]
        streams = [{"stream": {"app": "shop"}, "values": values}]
        return 200, {"data": {"resultType": "streams", "result": streams}}

    sources = {"shop": ('loki:{app="shop"}',)}
    settings = LogSettings(sources=sources, loki_url=serve(endless))
    await cancelled_when(settings, begun)
    may_answer.set()
    await until_no_thread_reads()
    assert len(asked) == 1


async def test_a_program_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "begun"
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\necho begun > {marker}\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    begun = threading.Event()
    watching = threading.Thread(target=_watch, args=(marker, begun))
    watching.start()
    await cancelled_when(LogSettings(sources={"shop": ("docker:app-1",)}), begun)
    watching.join()
    await until_no_thread_reads()


def _watch(marker: Path, begun: threading.Event) -> None:
    for _ in range(1000):
        if marker.exists():
            begun.set()
            return
        threading.Event().wait(0.01)
