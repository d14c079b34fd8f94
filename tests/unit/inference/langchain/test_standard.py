"""LangChain's own unit tests for chat models and embedders."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

from inference import Engine
from inference.langchain import OpsbotChatModel, OpsbotEmbeddings


class TestChatModel(ChatModelUnitTests):
    @pytest.fixture(autouse=True)
    def served(self, engine: Engine, loop_thread: asyncio.AbstractEventLoop) -> None:
        self.params: dict[str, Any] = {"service": engine, "loop": loop_thread}

    @property
    def chat_model_class(self) -> type[OpsbotChatModel]:
        return OpsbotChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return self.params

    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        # A service has its own credentials: the model takes no api_key.
        given = super().standard_chat_model_params
        return {name: value for name, value in given.items() if name != "api_key"}

    @property
    def supports_model_override(self) -> bool:
        return False


class TestEmbeddings(EmbeddingsUnitTests):
    @pytest.fixture(autouse=True)
    def served(self, engine: Engine, loop_thread: asyncio.AbstractEventLoop) -> None:
        self.params: dict[str, Any] = {"service": engine, "loop": loop_thread}

    @property
    def embeddings_class(self) -> type[OpsbotEmbeddings]:
        return OpsbotEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return self.params
