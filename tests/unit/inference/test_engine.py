"""The asyncio side and the engine thread, on the fake backend."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from inference import (
    ChatMessage,
    Ended,
    Engine,
    EngineState,
    Event,
    Fault,
    GenerateRequest,
    InferenceError,
    ModelUnavailableError,
    Outcome,
    Priority,
    Role,
    Started,
    TextDelta,
)
from inference.backends.base import Backend, Chunk, EncoderBackend
from inference.backends.fake import FakeBackend, FakeEncoder
from inference.parts import EngineParts
from inference.request import SeqId, TokenId
from inference.scheduler import SchedulerOptions

DEADLINE_S = 20
SYSTEM = ChatMessage(Role.SYSTEM, "You explain logs.")


def ask(name: str, content: str = "why?", *, n: int = 8) -> GenerateRequest:
    messages = (SYSTEM, ChatMessage(Role.USER, content))
    return GenerateRequest(request_id=name, messages=messages, max_tokens=n, pin_prefix=1)


def endless(cells: tuple[TokenId, ...]) -> TokenId:
    return TokenId(ord("x"))


class Gate:
    """Stops the engine thread inside a decode until the test opens it."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, chunks: Sequence[Chunk]) -> None:
        self._reached.set()
        if not self._open.wait(DEADLINE_S):
            raise TimeoutError("the gate was never opened")

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, DEADLINE_S)

    def open(self) -> None:
        self._open.set()


class NotedEncoder(FakeEncoder):
    """Says in a list when it computes."""

    def __init__(self, calls: list[str]) -> None:
        super().__init__()
        self._calls = calls

    def embed(self, batch: Sequence[Sequence[TokenId]]) -> NDArray[np.float32]:
        self._calls.append("batch")
        return super().embed(batch)


@asynccontextmanager
async def running(
    backend: Backend | None = None,
    encoder: EncoderBackend | None = None,
    *,
    max_queue: int = 64,
    registry: CollectorRegistry | None = None,
    parts: EngineParts | None = None,
) -> AsyncGenerator[Engine]:
    def load_backend() -> Backend:
        return backend or FakeBackend()

    def load_encoder() -> EncoderBackend:
        return encoder or FakeEncoder()

    engine = Engine(
        load_generator=load_backend,
        load_encoder=load_encoder,
        max_queue=max_queue,
        registry=registry,
        parts=parts,
    )
    async with asyncio.timeout(DEADLINE_S):
        await engine.start()
        try:
            yield engine
        finally:
            await engine.stop()


def refusing(message: str) -> Callable[[], FakeBackend]:
    def load() -> FakeBackend:
        raise ModelUnavailableError(message)

    return load


def refusing_encoder() -> FakeEncoder:
    raise OSError("the encoder file is damaged")


async def test_a_stream_starts_shows_text_and_ends_once() -> None:
    async with running() as engine:
        events = [event async for event in engine.stream(ask("a"))]
    kinds = [type(event) for event in events]
    assert kinds[0] is Started
    assert kinds[-1] is Ended
    assert set(kinds[1:-1]) == {TextDelta}


async def test_complete_is_the_drained_stream() -> None:
    async with running() as engine:
        streamed = [event async for event in engine.stream(ask("a"))]
        text, ended = await engine.complete(ask("b"))
    assert text == "".join(e.text for e in streamed if isinstance(e, TextDelta))
    assert ended.outcome in (Outcome.FINISHED, Outcome.LENGTH)
    assert ended.stats.n_cached == ended.stats.n_prompt - 1


async def test_start_returns_before_the_model_is_loaded_and_requests_wait_for_it() -> None:
    may_load = threading.Event()

    def load() -> FakeBackend:
        may_load.wait(DEADLINE_S)
        return FakeBackend()

    engine = Engine(load_generator=load, load_encoder=None)
    await engine.start()
    assert engine.state is EngineState.LOADING
    early = asyncio.create_task(engine.complete(ask("early")))
    may_load.set()
    await engine.ready()
    assert engine.state is EngineState.READY
    assert (await early)[1].outcome in (Outcome.FINISHED, Outcome.LENGTH)
    await engine.stop()


async def test_a_request_can_be_cancelled_while_the_model_loads() -> None:
    may_load = threading.Event()

    def load() -> FakeBackend:
        may_load.wait(DEADLINE_S)
        return FakeBackend()

    engine = Engine(load_generator=load, load_encoder=None)
    await engine.start()
    early = asyncio.create_task(engine.complete(ask("early")))
    await asyncio.sleep(0)
    assert engine.cancel("early")
    assert (await early)[1].outcome is Outcome.CANCELLED
    may_load.set()
    await engine.stop()


async def test_a_generator_that_fails_to_load_leaves_embeddings_working() -> None:
    engine = Engine(load_generator=refusing("the file is damaged"), load_encoder=FakeEncoder)
    await engine.start()
    with pytest.raises(ModelUnavailableError, match="damaged"):
        await engine.ready()
    assert (engine.state, engine.failure) == (EngineState.FAILED, "the file is damaged")
    text, ended = await engine.complete(ask("a"))
    assert (text, ended.outcome, ended.reason) == ("", Outcome.REJECTED, "the file is damaged")
    with pytest.raises(ModelUnavailableError):
        await engine.count_tokens("a")
    with pytest.raises(ModelUnavailableError):
        await engine.warm((SYSTEM,))
    assert (await engine.embed(["a"])).shape == (1, 32)
    await engine.stop()


async def test_an_encoder_that_fails_to_load_leaves_generation_working() -> None:
    engine = Engine(load_generator=FakeBackend, load_encoder=refusing_encoder)
    await engine.start()
    with pytest.raises(ModelUnavailableError, match="damaged"):
        await engine.embed(["a"])
    with pytest.raises(ModelUnavailableError, match="damaged"):
        _ = engine.n_dimensions
    assert (await engine.complete(ask("a")))[0]
    await engine.stop()


async def test_a_model_without_a_chat_template_is_a_failure_with_a_reason() -> None:
    async with running(FakeBackend(chat_template=None)) as engine:
        with pytest.raises(ModelUnavailableError, match="chat template"):
            await engine.ready()
        assert engine.state is EngineState.FAILED


async def test_a_too_long_prompt_is_rejected_with_its_length_and_the_limit() -> None:
    async with running(FakeBackend(n_ctx=64)) as engine:
        text, ended = await engine.complete(ask("a", "y" * 100))
    assert (text, ended.outcome) == ("", Outcome.REJECTED)
    assert ended.stats.n_prompt > 100
    assert str(ended.stats.n_prompt) in ended.reason
    assert "63" in ended.reason


async def test_an_id_that_is_live_is_rejected_and_free_again_afterwards() -> None:
    gate = Gate()
    async with running(FakeBackend(on_decode=gate)) as engine:
        first = asyncio.create_task(engine.complete(ask("a")))
        await gate.reached()
        _, ended = await engine.complete(ask("a"))
        assert ended.outcome is Outcome.REJECTED
        gate.open()
        assert (await first)[1].outcome is not Outcome.REJECTED
        assert (await engine.complete(ask("a")))[1].outcome is not Outcome.REJECTED


async def test_requests_beyond_the_queue_are_rejected() -> None:
    gate = Gate()
    async with running(FakeBackend(on_decode=gate), max_queue=2) as engine:
        tasks = [asyncio.create_task(engine.complete(ask(name))) for name in "ab"]
        await gate.reached()
        assert engine.n_waiting == 2
        _, ended = await engine.complete(ask("c"))
        assert ended.outcome is Outcome.REJECTED
        assert "2" in ended.reason
        gate.open()
        await asyncio.gather(*tasks)
        assert engine.n_waiting == 0


async def test_cancel_ends_a_running_request_and_reports_whether_it_was_live() -> None:
    async with running(FakeBackend(reply=endless, n_ctx=4096)) as engine:
        outcomes: list[Outcome] = []
        async for event in engine.stream(ask("a", n=4000)):
            if isinstance(event, TextDelta):
                assert engine.cancel("a")
            if isinstance(event, Ended):
                outcomes.append(event.outcome)
        assert outcomes == [Outcome.CANCELLED]
        assert not engine.cancel("a")


@pytest.mark.parametrize("n_events", [1, 2, 5])
async def test_closing_the_iterator_frees_the_request(n_events: int) -> None:
    backend = FakeBackend(reply=endless, n_ctx=4096)
    async with running(backend) as engine:
        stream = engine.stream(ask("a", n=4000))
        seen: list[Event] = [await anext(stream) for _ in range(n_events)]
        await stream.aclose()
        assert not any(isinstance(event, Ended) for event in seen)
        assert engine.n_waiting == 0
        await engine.complete(ask("b", n=2))
        assert backend.n_samplers == 0
        assert backend.n_decoded < 4000


async def test_an_abandoned_task_frees_the_request() -> None:
    gate = Gate()
    backend = FakeBackend(reply=endless, n_ctx=4096, on_decode=gate)
    async with running(backend) as engine:
        task = asyncio.create_task(engine.complete(ask("a", n=4000)))
        await gate.reached()
        task.cancel()
        gate.open()
        with pytest.raises(asyncio.CancelledError):
            await task
        await engine.complete(ask("b", n=2))
        assert backend.n_samplers == 0
        assert backend.n_decoded < 4000


async def test_many_at_once_all_end_with_their_own_text() -> None:
    requests = [ask(f"r{i}", f"question {i % 5}") for i in range(20)]
    async with running() as engine:
        together = await asyncio.gather(*(engine.complete(request) for request in requests))
    async with running() as engine:
        for (text, ended), request in zip(together, requests, strict=True):
            assert ended.outcome in (Outcome.FINISHED, Outcome.LENGTH)
            assert text == (await engine.complete(request))[0]


async def test_embeddings_are_served_between_the_steps_of_a_generation() -> None:
    async with running(FakeBackend(reply=endless, n_ctx=100_000)) as engine:
        stream = engine.stream(ask("long", n=90_000))
        await anext(stream)
        vectors = await engine.embed(["pool"] * 9)
        assert vectors.shape == (9, 32)
        assert engine.n_waiting == 1
        await stream.aclose()


async def test_indexing_leaves_the_steps_to_an_answer_that_is_read() -> None:
    calls: list[str] = []
    backend = FakeBackend(reply=endless, n_ctx=10_000, on_decode=lambda _: calls.append("step"))
    async with running(backend, NotedEncoder(calls)) as engine:
        stream = engine.stream(ask("read", n=9_000))
        await anext(stream)
        indexing = asyncio.create_task(engine.embed(["a document"] * 64))
        await asyncio.sleep(0.05)
        await engine.embed(["a question"])
        n_steps, n_batches = calls.count("step"), calls.count("batch")
        await stream.aclose()
        await indexing
    assert n_steps > 5 * n_batches


async def test_parts_that_cannot_be_put_together_are_a_failure_with_a_reason() -> None:
    def broken(info: object) -> SchedulerOptions:
        raise ValueError("no such schedule")

    async with running(parts=EngineParts(choose_schedule=broken)) as engine:
        with pytest.raises(ModelUnavailableError, match="no such schedule"):
            await engine.ready()
        assert engine.state is EngineState.FAILED


async def test_an_engine_that_cannot_guess_answers_all_the_same() -> None:
    def refuse(backend: Backend) -> None:
        raise ModelUnavailableError("the draft model was not pulled")

    async with running(parts=EngineParts(make_speculation=refuse)) as engine:
        _, ended = await engine.complete(ask("a"))
        assert ended.outcome is Outcome.LENGTH


async def test_cells_that_cannot_be_given_back_lose_no_request() -> None:
    class Sticky(FakeBackend):
        def truncate(self, seq_id: SeqId, n_tokens: int) -> None:
            if self.n_samplers == 0 and self.held(seq_id):
                raise MemoryError("boom")
            super().truncate(seq_id, n_tokens)

    async with running(Sticky(reply=endless, n_ctx=10_000)) as engine:
        stream = engine.stream(ask("a", n=9_000))
        await anext(stream)
        engine.cancel("a")
        *_, last = [event async for event in stream]
        assert isinstance(last, Ended)
        assert last.outcome is Outcome.CANCELLED
        assert (await engine.complete(ask("b", n=2)))[1].outcome is Outcome.LENGTH


async def test_vectors_have_length_one_and_do_not_depend_on_the_batch() -> None:
    texts = [f"text {i} " * (i + 1) for i in range(11)]
    encoder = FakeEncoder()
    async with running(encoder=encoder) as engine:
        together = await engine.embed(texts)
        alone = np.concatenate([await engine.embed([text]) for text in texts])
        assert (await engine.embed([])).shape == (0, engine.n_dimensions)
        assert engine.encoder_name == "fake-encoder"
    assert np.allclose(np.linalg.norm(together, axis=1), 1)
    assert np.array_equal(together, alone)
    assert encoder.n_batches >= 3


async def test_a_failing_encoder_fails_its_job_only() -> None:
    async with running(encoder=FakeEncoder(failure=RuntimeError("boom"))) as engine:
        with pytest.raises(InferenceError, match="boom"):
            await engine.embed(["a"])
        assert (await engine.embed(["a"])).shape == (1, 32)


async def test_an_unforeseen_error_fails_the_request_and_the_engine_goes_on() -> None:
    def explode(chunks: Sequence[Chunk]) -> None:
        backend.on_decode = None
        raise MemoryError("boom")

    backend = FakeBackend(on_decode=explode)
    async with running(backend) as engine:
        _, ended = await engine.complete(ask("a"))
        assert ended.outcome is Outcome.FAILED
        assert ended.reason
        assert (await engine.complete(ask("b")))[1].outcome is not Outcome.FAILED


async def test_a_context_that_cannot_be_rebuilt_is_a_lost_model_not_a_crash() -> None:
    backend = FakeBackend(
        codes=deque([-2, -2]), reset_failure=ModelUnavailableError("no memory for a context")
    )
    gate = Gate()
    backend.on_decode = gate
    async with running(backend) as engine:
        tasks = [asyncio.create_task(engine.complete(ask(name))) for name in "abc"]
        await gate.reached()
        gate.open()
        ends = [ended for _, ended in await asyncio.gather(*tasks)]
        assert [ended.outcome for ended in ends] == [Outcome.FAILED] * 3
        assert ends[2].reason == "no memory for a context"
        _, late = await engine.complete(ask("late"))
        assert (late.outcome, late.reason) == (Outcome.REJECTED, "no memory for a context")
        assert engine.state is EngineState.FAILED
        assert (await engine.embed(["a"])).shape == (1, 32)


async def test_warming_makes_the_first_request_find_its_prefix() -> None:
    async with running() as engine:
        await engine.warm((SYSTEM,))
        _, ended = await engine.complete(ask("a"))
        assert ended.stats.n_cached > len(SYSTEM.content)


async def test_warming_with_too_much_raises() -> None:
    async with running(FakeBackend(n_ctx=64)) as engine:
        with pytest.raises(InferenceError, match="at most 63"):
            await engine.warm((ChatMessage(Role.SYSTEM, "y" * 100),))


async def test_tokens_of_a_text_are_counted_as_plain_text() -> None:
    async with running() as engine:
        assert await engine.count_tokens("<|im_end|>é") == len("<|im_end|>é".encode())


async def test_stopping_ends_every_request_once_and_closes_the_models() -> None:
    gate = Gate()
    backend, encoder = FakeBackend(on_decode=gate), FakeEncoder()
    async with running(backend, encoder) as engine:
        tasks = [asyncio.create_task(engine.complete(ask(name, n=500))) for name in "abc"]
        await gate.reached()
        stopping = asyncio.create_task(engine.stop())
        await asyncio.sleep(0)
        gate.open()
        await stopping
        results = await asyncio.gather(*tasks)
        assert [ended.outcome for _, ended in results] == [Outcome.CANCELLED] * 3
        assert (await engine.complete(ask("late")))[1].outcome is Outcome.REJECTED
        with pytest.raises(ModelUnavailableError, match="stopped"):
            await engine.embed(["late"])
    assert engine.state is EngineState.STOPPED
    assert backend.is_closed
    assert encoder.is_closed
    assert backend.n_samplers == 0


async def test_stopping_ends_waiting_embeddings() -> None:
    gate = Gate()
    async with running(FakeBackend(on_decode=gate)) as engine:
        generating = asyncio.create_task(engine.complete(ask("a")))
        await gate.reached()
        embedding = asyncio.create_task(engine.embed(["a"] * 50))
        await asyncio.sleep(0)
        stopping = asyncio.create_task(engine.stop())
        await asyncio.sleep(0)
        gate.open()
        await asyncio.gather(generating, stopping)
        with pytest.raises(ModelUnavailableError):
            await embedding


async def test_an_engine_that_never_started_rejects_and_stops() -> None:
    engine = Engine(load_generator=FakeBackend, load_encoder=None)
    assert (await engine.complete(ask("a")))[1].outcome is Outcome.REJECTED
    await engine.stop()
    assert engine.state is EngineState.STOPPED


async def test_an_engine_starts_once() -> None:
    async with running() as engine:
        with pytest.raises(RuntimeError, match="once"):
            await engine.start()


async def test_the_loop_keeps_up_with_a_model_that_never_pauses() -> None:
    """Events of a burst reach their reader while the burst goes on, not after it."""
    async with running(FakeBackend(reply=endless, n_ctx=4096)) as engine:
        for round_number in range(3):
            n_deltas = 0
            async for event in engine.stream(ask(f"r{round_number}", n=3000)):
                if isinstance(event, TextDelta):
                    n_deltas += 1
                    engine.cancel(f"r{round_number}")
                if isinstance(event, Ended):
                    assert event.outcome is Outcome.CANCELLED
            assert n_deltas < 3000


async def test_metrics_count_every_outcome_and_the_tokens_saved() -> None:
    registry = CollectorRegistry()
    async with running(FakeBackend(n_ctx=128), registry=registry) as engine:
        await engine.complete(ask("a", n=3))
        _, again = await engine.complete(ask("b", n=3))
        await engine.complete(ask("c", "y" * 200))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"opsbot_inference_{name}", labels)

    interactive = Priority.INTERACTIVE.name.lower()
    assert value("requests_total", outcome="length", priority=interactive) == 2
    assert value("requests_total", outcome="rejected", priority=interactive) == 1
    assert value("tokens_total", kind="cached") == again.stats.n_cached > 0
    assert value("tokens_total", kind="output") == 6
    assert value("ttft_seconds_count") == 2
    assert value("live_requests") == 0


async def test_a_grammar_nested_too_deep_for_native_code_is_rejected_with_the_limit() -> None:
    grammar = "root ::= " + "(" * 2000 + '"a"' + ")" * 2000
    async with running() as engine:
        _, ended = await engine.complete(replace(ask("a"), grammar=grammar))
    assert (ended.outcome, ended.fault) == (Outcome.REJECTED, Fault.INVALID_GRAMMAR)
    assert "1024" in ended.reason
