"""An engine and the one that comes after it, over one folder of saved states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from inference import (
    ChatMessage,
    Engine,
    Fault,
    GenerateRequest,
    Outcome,
    Role,
)
from inference.backends.fake import FakeBackend
from inference.parts import EngineParts
from inference.persistence import keeper_opener

RULES = ChatMessage(Role.SYSTEM, "You explain logs to on-call engineers. " * 6)
QUESTION = ChatMessage(Role.USER, "why?")


def ask(name: str, *, deadline_s: float | None = None) -> GenerateRequest:
    return GenerateRequest(
        request_id=name,
        messages=(RULES, QUESTION),
        max_tokens=5,
        pin_prefix=1,
        deadline_s=deadline_s,
    )


@asynccontextmanager
async def running(
    folder: Path, backend: FakeBackend, registry: CollectorRegistry
) -> AsyncGenerator[Engine]:
    engine = Engine(
        load_generator=lambda: backend,
        load_encoder=None,
        parts=EngineParts(open_states=keeper_opener(folder, max_bytes=10**7)),
        registry=registry,
    )
    async with asyncio.timeout(30):
        await engine.start()
        try:
            await engine.ready()
            yield engine
        finally:
            await engine.stop()


async def saved(folder: Path) -> None:
    for _ in range(200):
        if await asyncio.to_thread(_n_files, folder):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("no state was saved")


def _n_files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.glob("*"))


def backend(identity: str = "one") -> FakeBackend:
    return FakeBackend(n_ctx=4096, n_batch=64, identity=identity)


async def test_the_next_engine_begins_with_what_the_last_one_had_pinned(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    async with running(folder, backend(), CollectorRegistry()) as engine:
        first, _ = await engine.complete(ask("a"))
        await saved(folder)
    later, registry = backend(), CollectorRegistry()
    async with running(folder, later, registry) as engine:
        again, ended = await engine.complete(ask("b"))
    assert again == first
    assert ended.stats.n_cached > len(RULES.content)
    assert later.n_decoded < ended.stats.n_prompt - len(RULES.content) + 10
    hits = registry.get_sample_value("opsbot_inference_state_files_total", {"event": "hit"})
    assert hits == 1


async def test_a_thread_that_has_not_rested_yet_is_saved_at_the_stop(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    long = ChatMessage(Role.USER, "node down " * 30)
    request = GenerateRequest(request_id="a", messages=(long,), max_tokens=3)
    async with running(folder, backend(), CollectorRegistry()) as engine:
        await engine.complete(request)
    async with running(folder, backend(), CollectorRegistry()) as engine:
        _, ended = await engine.complete(request)
    assert ended.stats.n_cached > len(long.content)


async def test_states_of_another_model_are_not_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    async with running(folder, backend("one"), CollectorRegistry()) as engine:
        await engine.complete(ask("a"))
        await saved(folder)
    async with running(folder, backend("other"), CollectorRegistry()) as engine:
        _, ended = await engine.complete(ask("b"))
    assert ended.stats.n_cached == 0


async def test_a_damaged_state_is_computed_again(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    async with running(folder, backend(), CollectorRegistry()) as engine:
        first, _ = await engine.complete(ask("a"))
        await saved(folder)
    for path in folder.iterdir():
        content = bytearray(path.read_bytes())
        if content:
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
    async with running(folder, backend(), CollectorRegistry()) as engine:
        again, ended = await engine.complete(ask("b"))
    assert (again, ended.stats.n_cached) == (first, 0)


async def test_without_an_identity_nothing_is_saved(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    async with running(folder, backend(""), CollectorRegistry()) as engine:
        await engine.complete(ask("a"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await saved(folder)


async def test_a_deadline_counts_while_the_model_still_loads() -> None:
    opened = asyncio.Event()
    loop = asyncio.get_running_loop()

    def load() -> FakeBackend:
        asyncio.run_coroutine_threadsafe(opened.wait(), loop).result(20)
        return backend()

    engine = Engine(load_generator=load, load_encoder=None)
    await engine.start()
    _, ended = await engine.complete(ask("a", deadline_s=0.05))
    opened.set()
    await engine.stop()
    assert (ended.outcome, ended.fault) == (Outcome.CANCELLED, Fault.DEADLINE)
    assert "0.05 s" in ended.reason


async def test_eager_prefill_is_there_when_somebody_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    async with running(folder, backend(), CollectorRegistry()) as engine:
        talk = "the pool is full and checkout fails"
        await engine.prefill((RULES, ChatMessage(Role.USER, talk)))
        longer = ChatMessage(Role.USER, f"{talk}, what now?")
        request = GenerateRequest(request_id="a", messages=(RULES, longer), max_tokens=2)
        _, ended = await engine.complete(request)
    assert ended.stats.n_cached > len(RULES.content) + len(talk)
