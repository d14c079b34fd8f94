"""OpenAI's own client against the server on a small real model."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

from inference import Engine
from inference.backends.llama_cpp import LlamaBackend
from inference.backends.llama_encoder import LlamaEncoder
from inference.backends.options import LlamaOptions
from inference.server import build_app, listening

pytestmark = pytest.mark.model

OPTIONS = LlamaOptions(n_ctx=1024, n_batch=128, n_seq_max=8)
MESSAGES: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "You are an assistant of an on-call engineer."},
    {"role": "user", "content": "The disk is full. How bad is that?"},
]
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "severity": {"type": ["string", "null"], "enum": ['"low"', "mittel\n", "hoch🔥", None]},
        "code": {"type": "string", "pattern": "^(sev|p)[0-9]{1,2}$"},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1, "maxItems": 2},
        "note": {"type": "string", "maxLength": 20},
    },
    "required": ["severity", "code", "steps"],
    "$defs": {
        "step": {
            "type": "object",
            "properties": {"on": {"format": "date"}, "then": {"anyOf": [{"const": 1}, {"type": "null"}]}},
            "required": ["on", "then"],
        }
    },
}  # fmt: skip


@asynccontextmanager
async def client_of(model: Path, encoder: Path) -> AsyncGenerator[tuple[AsyncOpenAI, Engine], None]:
    engine = Engine(
        load_generator=lambda: LlamaBackend(model, OPTIONS),
        load_encoder=lambda: LlamaEncoder(encoder, OPTIONS),
    )
    await engine.start()
    try:
        async with listening(build_app(engine, token="t0ken")) as url:
            client = AsyncOpenAI(base_url=f"{url}/v1", api_key="t0ken", max_retries=0)
            yield client, engine
            await client.close()
    finally:
        await engine.stop()


async def test_chats_schemas_grammars_and_vectors_through_the_real_client(
    smollm2: Path, minilm: Path
) -> None:
    async with client_of(smollm2, minilm) as (client, engine):
        create: Any = client.chat.completions.create
        ask: dict[str, Any] = {"model": "any", "messages": MESSAGES, "max_tokens": 12}

        whole = await create(**ask)
        pieces = await create(**ask, stream=True)
        streamed = "".join([chunk.choices[0].delta.content or "" async for chunk in pieces])
        assert streamed == whole.choices[0].message.content
        assert streamed.strip()

        named = {"name": "incident", "schema": SCHEMA, "strict": True}
        shaped = await create(
            **ask | {"max_tokens": 200},
            temperature=1.5,
            seed=7,
            response_format={"type": "json_schema", "json_schema": named},
        )
        answer = json.loads(shaped.choices[0].message.content)
        assert answer["severity"] in ('"low"', "mittel\n", "hoch🔥", None)
        assert all(step["then"] in (1, None) for step in answer["steps"])

        ruled = await create(**ask, extra_body={"grammar": 'root ::= "yes" | "no"'})
        assert ruled.choices[0].message.content in ("yes", "no")
        with pytest.raises(openai.BadRequestError) as refused:
            await create(**ask, extra_body={"grammar": "root ::= nothing"})
        assert refused.value.code == "invalid_grammar"

        texts = ["the pool is exhausted", "die Platte ist voll"]
        vectors = await client.embeddings.create(model="any", input=texts)
        ours = np.array([each.embedding for each in vectors.data], dtype="f4")
        assert np.allclose(ours, await engine.embed(texts), atol=1e-4)
        assert [model.id async for model in client.models.list()] == [
            engine.model_name,
            engine.encoder_name,
        ]
