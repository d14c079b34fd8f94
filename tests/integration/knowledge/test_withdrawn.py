"""Between a change of what is stored and the next index, what is stored decides who may read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge import (
    ANYBODY,
    OWNER,
    Document,
    EmbeddingError,
    Format,
    KnowledgeBase,
    Metadata,
    Reader,
)
from knowledge.document_store import DocumentStore
from knowledge.hash_embedder import HashEmbedder

HR = frozenset({"hr"})


class Failing(HashEmbedder):
    """Fails from when it is told to."""

    fails = False

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if texts and self.fails:
            raise EmbeddingError("no model")
        return await super().embed(texts)


def note(path: str, groups: frozenset[str] = frozenset(), more: str = "") -> Document:
    text = f"# Salaries {path}\n\nThe salaries of {path} are paid on day {path}7.{more}\n"
    return Document(
        source="notes",
        path=path,
        text=text,
        format=Format.MARKDOWN,
        sha256=str(hash(text)),
        metadata=Metadata(groups=groups),
    )


@pytest.fixture
async def embedder() -> Failing:
    return Failing(64)


@pytest.fixture
async def base(tmp_path: Path, embedder: Failing) -> AsyncGenerator[KnowledgeBase]:
    knowledge = KnowledgeBase(tmp_path, embedder)
    await knowledge.add([note("alpha"), note("beta"), note("gamma")])
    yield knowledge
    await knowledge.close()


def stored_files(home: Path) -> list[Path]:
    return list(home.glob("documents.sqlite3*"))


async def paths(base: KnowledgeBase, reader: Reader, k: int = 5) -> set[str]:
    found = await base.search("on which day are salaries paid", k, reader=reader)
    return {hit.path for hit in found.hits}


async def test_a_restriction_holds_although_its_index_was_never_built(
    base: KnowledgeBase, embedder: Failing
) -> None:
    embedder.fails = True
    with pytest.raises(EmbeddingError):
        await base.add([note("alpha", HR, " Paid by Ines.")])
    embedder.fails = False
    assert await paths(base, ANYBODY) == {"beta", "gamma"}
    assert await paths(base, Reader(groups=HR, channel_groups=HR)) == {"alpha", "beta", "gamma"}
    assert await paths(base, OWNER) == {"alpha", "beta", "gamma"}
    await base.sync([])
    assert await paths(base, ANYBODY) == {"beta", "gamma"}


async def test_what_is_withdrawn_takes_no_readable_hits_place(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    DocumentStore(tmp_path).add([note("alpha", HR), note("beta", HR)], "pushed")
    assert await paths(base, ANYBODY, k=1) == {"gamma"}
    found = await base.search("alpha", 5, reader=ANYBODY, widen_tokens=500)
    assert {hit.path for hit in found.hits} == {"gamma"}


async def test_what_was_removed_is_not_found_although_the_index_still_holds_it(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    DocumentStore(tmp_path).remove("notes", "beta")
    assert await paths(base, OWNER) == {"alpha", "gamma"}


async def test_a_removal_that_was_cut_short_does_not_bring_its_documents_back(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    DocumentStore(tmp_path).remove("notes", None)
    assert await paths(base, OWNER) == set()
    report = await base.sync([])
    assert report.n_documents == 0
    assert await paths(base, OWNER) == set()


async def test_a_store_that_was_lost_withdraws_nothing(base: KnowledgeBase, tmp_path: Path) -> None:
    for file in stored_files(tmp_path):
        file.unlink()
    assert await paths(base, ANYBODY) == {"alpha", "beta", "gamma"}


async def test_a_store_that_cannot_be_read_leaves_the_restrictions_of_the_index(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    await base.add([replace(note("alpha"), metadata=Metadata(groups=HR))])
    for file in stored_files(tmp_path):
        file.write_bytes(b"not a database" * 1000)
    assert await paths(base, ANYBODY) == {"beta", "gamma"}
