"""The LangChain adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import FolderSource, KnowledgeBase, SearchFilter
from knowledge.hash_embedder import HashEmbedder
from knowledge.langchain import HybridRetriever


async def test_the_retriever_finds_what_a_search_finds(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / "docs" / name
        folder.mkdir(parents=True)
        (folder / "pool.md").write_text(f"# Pool {name}\n\nEnd idle sessions of {name}.\n")
    base = KnowledgeBase(tmp_path / "kb", HashEmbedder())
    await base.sync([FolderSource(tmp_path / "docs")])
    found = await HybridRetriever(knowledge=base, k=1).ainvoke("idle sessions of b")
    hit = (await base.search("idle sessions of b", 1)).hits[0]
    assert [(one.page_content, one.metadata["path"]) for one in found] == [(hit.text, hit.path)]
    only = SearchFilter(under="a")
    found = await HybridRetriever(knowledge=base, only=only).ainvoke("idle sessions of b")
    assert {one.metadata["path"] for one in found} == {"a/pool.md"}
    with pytest.raises(NotImplementedError, match="ainvoke"):
        HybridRetriever(knowledge=base).invoke("anything")
    await base.close()
