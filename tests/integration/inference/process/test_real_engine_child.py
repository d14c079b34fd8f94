"""The engine's process as the bot starts it, with a small real model."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import psutil
import pytest
from prometheus_client import CollectorRegistry

from bot.engine import EnginePlace, metrics_of, open_engine
from bot.engine_note import find_note
from bot.settings import Settings, load_settings
from inference import ChatMessage, Ended, Engine, GenerateRequest, InferenceService, Outcome, Role
from inference.process.engine_process import EngineProcess

pytestmark = pytest.mark.model

BACK_WITHIN_S = 5.0
STARTS_SLOWLY = 1.5
"""On a machine so busy that a first start takes long, a restart may take so much longer."""
DEADLINE_S = 120.0
ANSWERED = {Outcome.FINISHED, Outcome.LENGTH}


@pytest.fixture
def settings(smollm2: Path, minilm: Path, tmp_path: Path) -> Settings:
    return load_settings(
        home=tmp_path,
        model=str(smollm2),
        models_dir=smollm2.parent,
        # One thread: several would wait for one another wherever other tests use the cores.
        inference={"encoder": str(minilm), "n_ctx": 2048, "n_threads": 1},
    )


@pytest.fixture
async def engine(settings: Settings) -> AsyncGenerator[InferenceService]:
    async with (
        asyncio.timeout(DEADLINE_S),
        open_engine(
            settings, registry=CollectorRegistry(), place=EnginePlace.OWN_PROCESS
        ) as opened,
    ):
        await opened.ready()
        yield opened


def ask(request_id: str, n: int) -> GenerateRequest:
    return GenerateRequest(
        request_id=request_id,
        messages=(ChatMessage(Role.USER, f"Tell a story about {request_id}."),),
        max_tokens=n,
    )


async def child_of(settings: Settings) -> int:
    """The engine's process: the one that listens on the noted socket."""
    note = None
    while note is None:
        await asyncio.sleep(0.02)
        note = find_note(settings)
    for child in psutil.Process().children():
        if note.socket in child.cmdline():
            return child.pid
    raise AssertionError("no child serves the noted socket")


async def test_killed_under_load_it_answers_again_within_five_seconds(
    engine: InferenceService, settings: Settings
) -> None:
    pid = await child_of(settings)
    first_start_s = time.time() - psutil.Process(pid).create_time()
    running = [asyncio.create_task(engine.complete(ask(f"r{n}", 60))) for n in range(4)]
    await asyncio.sleep(0.5)
    assert engine.n_waiting == 4
    os.kill(pid, signal.SIGKILL)
    killed_mono = time.monotonic()
    await asyncio.wait(running, timeout=0.5)
    _, ended = await engine.complete(ask("after", 1))
    back_s = time.monotonic() - killed_mono
    assert ended.outcome in ANSWERED
    assert back_s < max(BACK_WITHIN_S, STARTS_SLOWLY * first_start_s)
    for _, each in await asyncio.gather(*running):
        assert each.outcome in ANSWERED or each.reason


async def test_a_terminal_borrows_the_running_engine_and_gets_its_metrics(
    engine: InferenceService, settings: Settings
) -> None:
    await child_of(settings)
    async with open_engine(settings) as borrowed:
        assert isinstance(borrowed, EngineProcess)
        text, ended = await borrowed.complete(ask("a", 8))
        assert (text, ended.outcome) == (text, Outcome.LENGTH)
        assert (await borrowed.embed(["one", "two"])).shape == (2, engine.n_dimensions)
        metrics = metrics_of(borrowed)
        assert metrics is not None
        assert b"opsbot_inference_embedded_texts_total 2.0" in await metrics()
    other = settings.model_copy(update={"model": "qwen2.5-coder-0.5b"})
    async with open_engine(other, generator=False, encoder=False) as own:
        assert isinstance(own, Engine)


async def test_it_ends_with_the_bot_and_leaves_no_note(settings: Settings) -> None:
    async with open_engine(settings, place=EnginePlace.OWN_PROCESS) as engine:
        events = engine.stream(ask("a", 1))
        assert isinstance([event async for event in events][-1], Ended)
        pid = await child_of(settings)
    assert not psutil.pid_exists(pid)
    assert find_note(settings) is None
    assert not (settings.home / "engine.json").exists()
