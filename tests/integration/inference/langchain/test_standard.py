"""LangChain's own integration tests, on real models in another thread's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from langchain_core.messages import AIMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

from inference import Engine
from inference.backends.llama_cpp import LlamaBackend
from inference.backends.llama_encoder import LlamaEncoder
from inference.backends.options import LlamaOptions
from inference.langchain import OpsbotChatModel, OpsbotEmbeddings

pytestmark = pytest.mark.model
T = TypeVar("T")


@pytest.fixture(scope="module")
def engine(
    loop_thread: asyncio.AbstractEventLoop, qwen_small: Path, minilm: Path
) -> Iterator[Engine]:
    def there(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop_thread).result(60)

    # One thread: two crawl when a core is busy with something else.
    options = LlamaOptions(n_ctx=2048, n_threads=1)
    started = Engine(
        load_generator=lambda: LlamaBackend(qwen_small, options),
        load_encoder=lambda: LlamaEncoder(minilm),
    )
    there(started.start())
    there(started.ready())
    yield started
    there(started.stop())


class TestChatModel(ChatModelIntegrationTests):
    @pytest.fixture(autouse=True)
    def served(self, engine: Engine, loop_thread: asyncio.AbstractEventLoop) -> None:
        # The standard 100 tokens would cut some of the JSON answers off, and so small a model
        # sometimes repeats one sentence inside a string for ever.
        self.params: dict[str, Any] = {
            "service": engine,
            "loop": loop_thread,
            "max_tokens": 160,
            "repeat_penalty": 1.2,
        }

    @property
    def chat_model_class(self) -> type[OpsbotChatModel]:
        return OpsbotChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return self.params

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_model_override(self) -> bool:
        return False

    @property
    def supported_usage_metadata_details(self) -> Any:
        return {"invoke": ["cache_read_input"], "stream": ["cache_read_input"]}

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        model = self.chat_model_class(**self.chat_model_params)
        prompt = "What is a connection pool?"
        model.invoke(prompt)
        if not stream:
            return model.invoke(prompt)
        whole = None
        for chunk in model.stream(prompt):
            whole = chunk if whole is None else whole + chunk
        assert isinstance(whole, AIMessage)
        return whole


class TestEmbeddings(EmbeddingsIntegrationTests):
    @pytest.fixture(autouse=True)
    def served(self, engine: Engine, loop_thread: asyncio.AbstractEventLoop) -> None:
        self.params: dict[str, Any] = {"service": engine, "loop": loop_thread}

    @property
    def embeddings_class(self) -> type[OpsbotEmbeddings]:
        return OpsbotEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return self.params
