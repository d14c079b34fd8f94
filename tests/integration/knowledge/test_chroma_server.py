"""Vectors on a real Chroma server on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path

import chromadb
import httpx
import pytest
from chromadb.config import Settings

from knowledge import ChromaServer, FolderSource, KnowledgeBase, VectorsError
from knowledge import index as index_module
from knowledge.hash_embedder import HashEmbedder

_START_LIMIT_S = 30.0


@contextmanager
def running(folder: Path, port: int) -> Generator[None]:
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder), "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=folder) as process:
        try:
            _wait_for(port)
            yield
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    end_mono = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < end_mono:
        try:
            httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the Chroma server did not start")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(30):
        text = f"# Page {number}\n\nThe number of this page is word{number}.\n"
        (folder / f"{number:03}.md").write_text(text)
    return folder


@pytest.fixture
async def base(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[KnowledgeBase]:
    monkeypatch.setattr(index_module, "_FEW_ROWS", 0)
    (tmp_path / "server").mkdir()
    server = ChromaServer(f"http://127.0.0.1:{port}", "secret", "me")
    knowledge = KnowledgeBase(tmp_path / "kb", HashEmbedder(), server)
    yield knowledge
    await knowledge.close()


def collections(port: int) -> dict[str, int]:
    settings = Settings(anonymized_telemetry=False)
    client = chromadb.HttpClient(host="127.0.0.1", port=port, settings=settings)
    return {one.name: one.count() for one in client.list_collections()}


async def test_the_server_holds_one_collection_through_all_changes(
    tmp_path: Path, base: KnowledgeBase, docs: Path, port: int
) -> None:
    with running(tmp_path / "server", port):
        await base.sync([FolderSource(docs)])
        (first,) = collections(port)
        assert first.startswith("opsbot-me-")
        (docs / "000.md").write_text("# Kafka\n\nThe brokers are three.\n")
        assert (await base.sync([FolderSource(docs)])).n_embedded == 1
        assert collections(port) == {first: 30}
        found = await base.search("kafka brokers", 1)
        assert (found.hits[0].path, found.note) == ("000.md", "")
        for number in range(1, 15):
            (docs / f"{number:03}.md").write_text(f"# Other\n\nOther text {number}.\n")
        await base.sync([FolderSource(docs)])
        (second,) = collections(port)
        assert second != first
        assert collections(port) == {second: 30}
        assert not list((tmp_path / "kb" / "generations").glob("*/vectors"))


async def test_a_server_that_is_down_keeps_nobody_from_searching(
    tmp_path: Path, base: KnowledgeBase, docs: Path, port: int
) -> None:
    with running(tmp_path / "server", port):
        await base.sync([FolderSource(docs)])
        assert (await base.search("word7", 1)).note == ""
    found = await base.search("word7", 1)
    assert found.hits[0].path == "007.md"
    assert found.note.startswith("The vector index does not answer")
    assert (await base.status()).trouble == ""
    (docs / "new.md").write_text("# Kafka\n\nThe brokers are three.\n")
    with pytest.raises(VectorsError, match=rf"Chroma server at http://127\.0\.0\.1:{port} cannot"):
        await base.sync([FolderSource(docs)])
    assert (await base.search("word7", 1)).hits[0].path == "007.md"
    with running(tmp_path / "server", port):
        assert (await base.sync([])).n_embedded == 0
    assert (await base.search("kafka brokers", 1)).hits[0].path == "new.md"


async def test_vectors_gone_from_the_server_are_put_there_again(
    tmp_path: Path, base: KnowledgeBase, docs: Path, port: int
) -> None:
    with running(tmp_path / "server", port):
        await base.sync([FolderSource(docs)])
        await base.close()
        settings = Settings(anonymized_telemetry=False)
        client = chromadb.HttpClient(host="127.0.0.1", port=port, settings=settings)
        for one in client.list_collections():
            client.delete_collection(one.name)
        assert "gone from the Chroma server" in (await base.status()).trouble
        assert (await base.search("word7", 1)).hits[0].path == "007.md"
        report = await base.sync([])
        assert (report.n_embedded, report.n_documents) == (0, 30)
        assert list(collections(port).values()) == [30]
        assert (await base.status()).trouble == ""


async def test_moving_to_a_server_embeds_nothing_again(
    tmp_path: Path, base: KnowledgeBase, docs: Path, port: int
) -> None:
    local = KnowledgeBase(tmp_path / "kb", HashEmbedder())
    await local.sync([FolderSource(docs)])
    await local.close()
    with running(tmp_path / "server", port):
        assert (await base.sync([])).n_embedded == 0
        assert list(collections(port).values()) == [30]
    back = KnowledgeBase(tmp_path / "kb", HashEmbedder())
    assert (await back.sync([])).n_embedded == 0
    assert (await back.search("word7", 1)).note == ""
    await back.close()
