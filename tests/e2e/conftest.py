"""One running demo for all end-to-end tests: starting it is what takes time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from bot.benchmarks.answer import wait_until_broken
from bot.settings import load_settings
from bot.stage import Stage, open_stage
from inference.models.catalog import find
from inference.models.errors import ModelError
from inference.models.pull import pull, sources_for

MODEL = "qwen2.5-coder-0.5b"


@pytest.fixture(scope="module")
def models() -> None:
    folder = load_settings().models_dir
    try:
        for name in (MODEL, "all-minilm-l6-v2"):
            pull(find(name), folder, sources=sources_for("auto"))
    except ModelError as exc:
        pytest.skip(str(exc))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(models: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    home = tmp_path_factory.mktemp("demo")
    async with open_stage(home, healthy_s=8.0, model=MODEL) as running:
        await running.core.engine.ready()
        await wait_until_broken(running)
        await until_documents_are_indexed(running)
        yield running


async def until_documents_are_indexed(stage: Stage) -> None:
    async with asyncio.timeout(60):
        # The index is published by a rename; there is no event to wait on.
        while not (await stage.core.knowledge.status()).n_documents:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
