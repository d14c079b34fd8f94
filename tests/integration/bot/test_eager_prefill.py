"""Talk that was prefilled in a quiet moment is not computed again, on a small real model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from bot.eager_prefill import EagerPrefill
from bot.messages import Intent, ThreadRef, Turn
from bot.prompts import code
from bot.skills.openings import opening
from bot.thread_talk import Remark
from inference import Engine, GenerateRequest, Started
from inference.backends.llama_cpp import LlamaBackend
from inference.backends.options import LlamaOptions

pytestmark = pytest.mark.model

THREAD = ThreadRef("C1", "1.0")
SAID = (
    "the table is payments_eu, status is text",
    "only merchant 4711 matters",
    "created_at is UTC; naïve, I know 🔥",
)
# The block's closing tag may merge with the last token that was prefilled.
N_MERGED = 2


class Memory:
    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        return (Turn(text="sql", intent=Intent.CODE, answer="", facts={"language": "sql"}),)


@pytest_asyncio.fixture
async def engine(smollm2: Path) -> AsyncGenerator[Engine]:
    options = LlamaOptions(n_ctx=1024, n_seq_max=8, n_threads=1)
    running = Engine(load_generator=lambda: LlamaBackend(smollm2, options), load_encoder=None)
    await running.start()
    await running.ready()
    yield running
    await running.stop()


async def quiet(ears: EagerPrefill) -> None:
    async with asyncio.timeout(60):
        # Nobody waits for it, so there is nothing to wait on.
        while ears.is_busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def started(ears: EagerPrefill, engine: Engine, name: str) -> Started:
    messages = code.messages(language="SQL", task="count failed ones", talk=ears.talk(THREAD))
    request = GenerateRequest(request_id=name, messages=messages, max_tokens=2)
    events = [event async for event in ears.watched(engine).stream(request)]
    assert isinstance(events[0], Started)
    return events[0]


async def test_an_answer_computes_only_what_came_after_the_talk(engine: Engine) -> None:
    registry = CollectorRegistry()
    ears = EagerPrefill(engine, Memory(), opening, registry=registry, pause_s=0)
    for number, text in enumerate(SAID):
        ears.hear(THREAD, Remark(ts=f"1.{number}", author="Maya", text=text))
        await quiet(ears)
    first = await started(ears, engine, "a")
    await quiet(ears)
    task = code.messages(language="SQL", task="count failed ones")[-1].content
    n_task = await engine.count_tokens("\n</thread>\n\n" + task)
    n_template = 8
    assert first.n_prompt - first.n_cached <= n_task + n_template + N_MERGED
    n_prefilled = registry.get_sample_value("opsbot_eager_prefilled_tokens_total")
    n_reused = registry.get_sample_value("opsbot_eager_reused_tokens_total")
    assert n_prefilled is not None
    assert n_reused is not None
    assert n_prefilled - n_template - N_MERGED <= n_reused <= n_prefilled
    assert n_reused > 0
