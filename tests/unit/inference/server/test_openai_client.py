"""The server as the real `openai` client sees it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import numpy as np
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from inference import ChatMessage, Engine, GenerateRequest, ModelUnavailableError, Role
from inference.backends.base import Chunk
from inference.backends.fake import FakeBackend, FakeEncoder
from inference.request import TokenId

Serving = Callable[..., AbstractAsyncContextManager[str]]

LIMIT_S = 20
N_TOKENS = 6
HELLO: ChatCompletionUserMessageParam = {"role": "user", "content": "why is checkout slow"}


def fake_engine(backend: FakeBackend | None = None, **options: Any) -> Engine:
    return Engine(
        load_generator=lambda: backend or FakeBackend(), load_encoder=FakeEncoder, **options
    )


@asynccontextmanager
async def client_of(url: str, token: str = "") -> AsyncGenerator[AsyncOpenAI, None]:
    client = AsyncOpenAI(base_url=f"{url}/v1", api_key=token or "none", max_retries=0)
    try:
        yield client
    finally:
        await client.close()


def endless(cells: tuple[TokenId, ...]) -> TokenId:
    return TokenId(ord("x"))


async def alone(n: int = N_TOKENS) -> str:
    """What the engine says to HELLO when nobody else asks."""
    engine = fake_engine()
    await engine.start()
    messages = (ChatMessage(Role.USER, str(HELLO["content"])),)
    request = GenerateRequest(request_id="alone", messages=messages, max_tokens=n)
    text, _ = await engine.complete(request)
    await engine.stop()
    return text


async def test_a_completion_is_the_engines_own_text_with_its_usage(serving: Serving) -> None:
    async with serving() as url, client_of(url) as client:
        answer = await client.chat.completions.create(
            model="m", messages=[HELLO], max_tokens=N_TOKENS
        )
    assert answer.choices[0].message.content == await alone()
    assert answer.choices[0].finish_reason == "length"
    assert answer.model == "fake"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == N_TOKENS
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + N_TOKENS
    extension = answer.to_dict()["opsbot"]
    assert isinstance(extension, dict)
    assert extension["started"]["n_prompt"] == answer.usage.prompt_tokens
    assert extension["ended"]["stats"]["n_output"] == N_TOKENS


async def test_a_stream_opens_with_the_role_and_closes_with_reason_and_usage(
    serving: Serving,
) -> None:
    async with serving() as url, client_of(url) as client:
        stream = await client.chat.completions.create(
            model="m",
            messages=[HELLO],
            max_tokens=N_TOKENS,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
    first, last = chunks[0], chunks[-1]
    assert first.choices[0].delta.role == "assistant"
    assert set(first.to_dict()["opsbot"]) == {"started"}  # pyright: ignore[reportArgumentType]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == await alone()
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert last.choices[0].finish_reason == "length"
    assert last.usage is not None
    assert last.usage.completion_tokens == N_TOKENS
    assert set(last.to_dict()["opsbot"]) == {"ended"}  # pyright: ignore[reportArgumentType]


async def test_usage_is_sent_only_when_asked_for(serving: Serving) -> None:
    async with serving() as url, client_of(url) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[HELLO], max_tokens=2, stream=True
        )
        assert [chunk.usage async for chunk in stream if chunk.usage is not None] == []


async def test_the_synchronous_client_gets_the_same_text(serving: Serving) -> None:
    def ask(url: str) -> str:
        with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
            chunks = client.chat.completions.create(
                model="m", messages=[HELLO], max_tokens=N_TOKENS, stream=True
            )
            return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    async with serving() as url:
        assert await asyncio.to_thread(ask, url) == await alone()


async def test_a_text_completion_puts_its_prompt_as_a_users_message(serving: Serving) -> None:
    async with serving() as url, client_of(url) as client:
        whole = await client.completions.create(
            model="m", prompt=str(HELLO["content"]), max_tokens=N_TOKENS
        )
        stream = await client.completions.create(
            model="m", prompt=[str(HELLO["content"])], max_tokens=N_TOKENS, stream=True
        )
        pieces = [chunk.choices[0].text async for chunk in stream]
    assert whole.choices[0].text == "".join(pieces) == await alone()


async def test_embeddings_are_the_encoders_in_both_encodings(serving: Serving) -> None:
    engine = fake_engine()
    async with serving(engine) as url, client_of(url) as client:
        as_base64 = await client.embeddings.create(model="m", input=["pool", "orders"])
        as_floats = await client.embeddings.create(
            model="m", input="orders", encoding_format="float"
        )
        expected = await engine.embed(["pool", "orders"])
    assert np.array_equal(np.array([each.embedding for each in as_base64.data], "f4"), expected)
    assert np.allclose(as_floats.data[0].embedding, expected[1], atol=1e-7)
    assert [each.index for each in as_base64.data] == [0, 1]


async def test_both_models_are_listed_and_others_are_not_found(serving: Serving) -> None:
    engine = fake_engine()
    async with serving(engine) as url, client_of(url) as client:
        await engine.ready()
        await engine.encoder_ready()
        names = [model.id async for model in client.models.list()]
        found = await client.models.retrieve(names[0])
        with pytest.raises(openai.NotFoundError, match="gpt"):
            await client.models.retrieve("gpt")
    assert names == ["fake", FakeEncoder().name]
    assert found.id == "fake"


async def test_without_the_token_nothing_is_answered(serving: Serving) -> None:
    async with serving(token="s3cret") as url:
        async with client_of(url, "wrong") as client:
            with pytest.raises(openai.AuthenticationError):
                await client.models.list()
        async with client_of(url, "s3cret") as client:
            assert (await client.chat.completions.create(model="m", messages=[HELLO])).choices


WRONG: list[tuple[dict[str, Any], str | None]] = [
    ({"n": 2}, "n"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"functions": [{"name": "f"}]}, "functions"),
    ({"logprobs": True}, "logprobs"),
    ({"presence_penalty": 0.5}, "presence_penalty"),
    ({"temperature": 3}, "temperature"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"seed": -1}, "seed"),
    ({"stop": ["a", ""]}, "stop[1]"),
    ({"extra_body": {"pin_prefix": 5}}, None),
    ({"extra_body": {"temprature": 1}}, "temprature"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
    ({"messages": [HELLO | {"tool_calls": [{}]}]}, "messages[0].tool_calls"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        "messages[0].content",
    ),
    ({"response_format": {"type": "xml"}}, "response_format"),
]


@pytest.mark.parametrize(("fields", "param"), WRONG)
async def test_a_wrong_field_is_refused_by_its_name(
    serving: Serving, fields: dict[str, Any], param: str | None
) -> None:
    asked: dict[str, Any] = {"model": "m", "messages": [HELLO], **fields}
    async with serving() as url, client_of(url) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(**asked)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


async def test_fields_that_ask_for_nothing_are_accepted(serving: Serving) -> None:
    neutral: dict[str, Any] = {
        "user": "u1", "n": 1, "logprobs": False, "presence_penalty": 0, "logit_bias": {},
        "tools": [], "store": True, "metadata": {"a": "b"}, "response_format": {"type": "text"},
        "stop": None, "reasoning_effort": None,
    }  # fmt: skip
    texts = ("why is checkout ", "slow")
    parts = {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}
    echoed = HELLO | {"tool_calls": None, "refusal": None}
    async with serving() as url, client_of(url) as client:
        create: Any = client.chat.completions.create
        for message in (parts, echoed):
            answer = await create(model="m", messages=[message], max_tokens=N_TOKENS, **neutral)
            assert answer.choices[0].message.content == await alone()


async def test_a_prompt_that_cannot_fit_says_its_length_and_the_limit(serving: Serving) -> None:
    long: ChatCompletionUserMessageParam = {"role": "user", "content": "x" * 600}
    async with serving() as url, client_of(url) as client:
        with pytest.raises(openai.BadRequestError, match=r"6\d\d tokens, at most 511") as caught:
            await client.chat.completions.create(model="m", messages=[long])
    assert caught.value.code == "prompt_too_long"


async def test_a_schema_that_cannot_be_enforced_is_refused(serving: Serving) -> None:
    schema: dict[str, object] = {"properties": {"n": {"type": "integer", "minimum": 1}}}
    async with serving() as url, client_of(url) as client:
        with pytest.raises(openai.BadRequestError, match="minimum") as caught:
            await client.chat.completions.create(
                model="m",
                messages=[HELLO],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "count", "schema": schema, "strict": True},
                },
            )
    assert (caught.value.code, caught.value.param) == ("invalid_grammar", "response_format")


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came to that")


class Gate:
    """Stops the engine thread inside a decode until the test opens it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, chunks: Sequence[Chunk]) -> None:
        self.reached.set()
        assert self.may_go_on.wait(LIMIT_S)


async def test_a_full_queue_a_live_id_and_a_passed_deadline_have_their_own_errors(
    serving: Serving,
) -> None:
    gate = Gate()
    engine = fake_engine(FakeBackend(on_decode=gate), max_queue=2)
    async with serving(engine) as url, client_of(url) as client:

        async def ask(**own: Any) -> Any:
            return await client.chat.completions.create(
                model="m", messages=[HELLO], max_tokens=3, extra_body=own
            )

        first = asyncio.create_task(ask(request_id="a"))
        assert await asyncio.to_thread(gate.reached.wait, LIMIT_S)
        with pytest.raises(openai.ConflictError, match="already live"):
            await ask(request_id="a")
        second = asyncio.create_task(ask(request_id="b", deadline_s=0.05))
        await eventually(lambda: engine.n_waiting == 2)
        with pytest.raises(openai.RateLimitError, match="already waiting") as refused:
            await ask(request_id="c")
        await asyncio.sleep(0.06)
        gate.may_go_on.set()
        with pytest.raises(openai.InternalServerError, match="deadline") as late:
            await second
        assert (await first).choices[0].finish_reason == "length"
    assert refused.value.response.headers["retry-after"] == "1"
    assert late.value.status_code == 504
    assert late.value.code == "deadline"


async def test_a_model_that_is_missing_is_unavailable_and_the_encoder_still_works(
    serving: Serving,
) -> None:
    def no_model() -> FakeBackend:
        raise ModelUnavailableError("pull the model first")

    engine = Engine(load_generator=no_model, load_encoder=FakeEncoder)
    async with serving(engine) as url, client_of(url) as client:
        with pytest.raises(openai.InternalServerError, match="pull the model first") as caught:
            await client.chat.completions.create(model="m", messages=[HELLO])
        assert (await client.embeddings.create(model="m", input="pool")).data
    assert caught.value.status_code == 503
    assert caught.value.code == "unavailable"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_failure_in_the_middle_is_an_error_and_not_a_short_answer(
    serving: Serving, stream: bool
) -> None:
    codes = deque([0] * 6 + [-1])
    async with (
        serving(fake_engine(FakeBackend(reply=endless, codes=codes))) as url,
        client_of(url) as client,
    ):
        pieces: list[str] = []
        with pytest.raises(openai.APIError, match="could not process") as caught:
            answer: Any = await client.chat.completions.create(
                model="m", messages=[HELLO], max_tokens=50, stream=stream
            )
            async for chunk in answer:
                pieces += [chunk.choices[0].delta.content]
    assert caught.value.code == "internal"
    assert bool("".join(pieces)) is stream
