"""Meaning, not words: the real encoder behind the knowledge base."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.embedder import EngineEmbedder
from bot.engine import open_engine
from bot.settings import load_settings
from knowledge import Answerability, FolderSource, KnowledgeBase

pytestmark = pytest.mark.model

_DEMO = Path(__file__).parents[3] / "bot" / "demo" / "knowledge"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kb")


@pytest.fixture
async def base(minilm: Path, home: Path) -> AsyncGenerator[KnowledgeBase]:
    settings = load_settings(inference={"encoder": str(minilm)})
    async with open_engine(settings, generator=False) as engine:
        knowledge = KnowledgeBase(home, EngineEmbedder(engine))
        await knowledge.sync([FolderSource(_DEMO)])
        yield knowledge
        await knowledge.close()


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("what does our runbook say about pool exhaustion?", "pool-exhaustion.md"),
        ("checkout has no slots left, what now", "pool-exhaustion.md"),
        ("roll back a bad release", "deploys-and-rollbacks.md"),
        ("how do I renew the TLS cert of the shop", "certificate-renewal.md"),
        ("how much data could we lose if orders dies", "backups.md"),
    ],
)
async def test_a_question_in_other_words_finds_its_page(
    base: KnowledgeBase, question: str, path: str
) -> None:
    found = await base.search(question)
    assert path in [hit.path for hit in found.hits[:3]]
    assert found.answerability is not Answerability.NO


@pytest.mark.parametrize(
    "question",
    [
        "what is the wifi password in the office?",
        "how do I scale the kafka cluster?",
        "mongodb secondary stuck in RECOVERING",
        "what is for lunch today",
    ],
)
async def test_a_question_about_something_else_is_a_clear_no(
    base: KnowledgeBase, question: str
) -> None:
    assert (await base.search(question)).answerability is Answerability.NO


async def test_the_index_names_its_encoder(base: KnowledgeBase) -> None:
    assert "minilm" in (await base.status()).encoder.lower()
