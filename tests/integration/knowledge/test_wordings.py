"""Questions in other words and languages, and passages read with what surrounds them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from knowledge import OWNER, FolderSource, KnowledgeBase, Methods, estimate_tokens
from knowledge.hash_embedder import HashEmbedder

DISK = "# Disk full\n\nA disk without space stops the database. Remove old segments first.\n"
MAIL = "# Mail relay\n\nThe relay answers 452 when its spool is exhausted.\n"
LINES = "\n\n".join(
    f"## Step {n}\n\n" + " ".join(f"word{n}x{i} of the long procedure" for i in range(40))
    for n in range(8)
)


class _Rewriter:
    """Knows one question."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def rewrite(self, question: str) -> str:
        self.asked.append(question)
        return "mail relay spool exhausted" if "почта" in question else ""


@pytest.fixture
def rewriter() -> _Rewriter:
    return _Rewriter()


@pytest.fixture
async def base(tmp_path: Path, rewriter: _Rewriter) -> AsyncGenerator[KnowledgeBase]:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "disk.md").write_text(DISK)
    (folder / "mail.md").write_text(MAIL)
    (folder / "long.md").write_text(f"# Long\n\n{LINES}\n")
    knowledge = KnowledgeBase(tmp_path / "kb", HashEmbedder(256), rewriter=rewriter)
    await knowledge.sync([FolderSource(folder)])
    yield knowledge
    await knowledge.close()


@pytest.mark.parametrize(
    "question",
    [
        "数据库的磁盘满了怎么办",
        "データベースのディスクがいっぱいです",
        "warum ist die festplatte der datenbank voll",
        "por qué está lleno el disco de la base de datos",
        "pourquoi le disque de la base de données est plein",
    ],
)
async def test_a_question_in_another_language_finds_an_english_document(
    base: KnowledgeBase, question: str
) -> None:
    found = await base.search(question, reader=OWNER)
    assert found.hits[0].path == "disk.md"
    without = await base.search(question, reader=OWNER, methods=Methods(glossary=False))
    assert without.confidence < found.confidence


async def test_a_model_is_asked_only_where_the_table_does_not_help(
    base: KnowledgeBase, rewriter: _Rewriter
) -> None:
    found = await base.search("почта не ходит", reader=OWNER)
    assert found.hits[0].path == "mail.md"
    assert rewriter.asked == ["почта не ходит"]
    await base.search("where is the mail relay", reader=OWNER)
    await base.search("почта", reader=OWNER, methods=Methods(rewriting=False))
    assert len(rewriter.asked) == 1


async def test_passages_grow_within_their_tokens_and_remember_what_was_found(
    base: KnowledgeBase,
) -> None:
    alone = (await base.search("word3x7 long procedure", 1, reader=OWNER)).hits[0]
    wide = (await base.search("word3x7 long procedure", 1, reader=OWNER, widen_tokens=900)).hits[0]
    assert alone.matched_lines is None
    assert (wide.matched_lines, wide.matched_text) == (alone.lines, alone.text)
    assert wide.lines[0] <= alone.lines[0] and alone.lines[1] <= wide.lines[1]
    assert len(alone.text) < len(wide.text)
    assert estimate_tokens(wide.text) <= 900


async def test_a_question_of_many_thousand_characters_is_answered(base: KnowledgeBase) -> None:
    found = await base.search("disk space " + "x" * 20_000, reader=OWNER)
    assert found.hits[0].path == "disk.md"
