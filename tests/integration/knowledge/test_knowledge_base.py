"""The whole knowledge base on real files and a real Chroma, with an embedder that needs no model."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge import (
    ANYBODY,
    OWNER,
    Answerability,
    Document,
    EmbeddingError,
    FolderSource,
    Format,
    KnowledgeBase,
    Metadata,
    SearchFilter,
    SyncBusyError,
    SyncProgress,
    SyncStage,
)
from knowledge.generations import Generations
from knowledge.hash_embedder import HashEmbedder

POOL = "# Pool exhaustion\n\n## Fix\n\nEnd idle sessions of the orders database. See `kill_idle`.\n"
BACKUP = "# Backups\n\nA full backup is made every night at 02:00.\n"
CERTIFICATE = "# Certificates\n\nThe certificate of the load balancer renews itself.\n"


class Counting(HashEmbedder):
    """Remembers how many texts it embedded; can be made to fail or wait."""

    def __init__(self, n_dimensions: int = 256) -> None:
        super().__init__(n_dimensions)
        self.n_texts = 0
        self.fails = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if texts:
            self.reached.set()
            await self.gate.wait()
            if self.fails:
                raise EmbeddingError("no model")
        self.n_texts += len(texts)
        return await super().embed(texts)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    (folder / "pool.md").write_text(POOL)
    (folder / "backup.md").write_text(BACKUP)
    (folder / "certificate.md").write_text(CERTIFICATE)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "kb"


@pytest.fixture
async def embedder() -> Counting:
    return Counting()


@pytest.fixture
async def base(home: Path, embedder: Counting) -> AsyncGenerator[KnowledgeBase]:
    knowledge = KnowledgeBase(home, embedder)
    await knowledge.open()
    yield knowledge
    await knowledge.close()


async def first_path(base: KnowledgeBase, question: str) -> str:
    return (await base.search(question)).hits[0].path


async def test_a_synced_folder_is_found_with_its_place(base: KnowledgeBase, docs: Path) -> None:
    report = await base.sync([FolderSource(docs)])
    assert (report.n_documents, report.added, report.changed, report.removed) == (3, 3, 0, 0)
    found = await base.search("which idle sessions of orders?", k=1)
    (hit,) = found.hits
    assert (hit.path, hit.title, hit.heading, hit.lines) == (
        "pool.md",
        "Pool exhaustion",
        "Fix",
        (5, 5),
    )
    assert hit.text == POOL.split("\n")[4]
    assert hit.source == str(docs)


async def test_an_unchanged_folder_costs_nothing(
    base: KnowledgeBase, docs: Path, home: Path, embedder: Counting
) -> None:
    await base.sync([FolderSource(docs)])
    before, n_texts = Generations(home).current(), embedder.n_texts
    report = await base.sync([FolderSource(docs)])
    assert (report.added, report.changed, report.removed, report.n_embedded) == (0, 0, 0, 0)
    assert Generations(home).current() == before
    assert embedder.n_texts == n_texts


async def test_only_what_changed_is_embedded_again(base: KnowledgeBase, docs: Path) -> None:
    await base.sync([FolderSource(docs)])
    (docs / "backup.md").write_text("# Backups\n\nBackups moved to the hourly schedule.\n")
    (docs / "certificate.md").unlink()
    (docs / "new.md").write_text("# New\n\nKafka brokers are three.\n")
    report = await base.sync([FolderSource(docs)])
    assert (report.n_documents, report.added, report.changed, report.removed) == (3, 1, 1, 1)
    assert report.n_embedded == 2
    assert await first_path(base, "hourly backups") == "backup.md"
    assert await first_path(base, "kafka brokers") == "new.md"
    assert await first_path(base, "idle sessions of orders") == "pool.md"
    paths = {hit.path for hit in (await base.search("certificate load balancer", k=9)).hits}
    assert "certificate.md" not in paths


async def test_a_moved_document_is_not_embedded_again(base: KnowledgeBase, docs: Path) -> None:
    await base.sync([FolderSource(docs)])
    (docs / "deep").mkdir()
    (docs / "pool.md").rename(docs / "deep" / "pool.md")
    report = await base.sync([FolderSource(docs)])
    assert (report.added, report.removed, report.n_embedded) == (1, 1, 0)
    assert await first_path(base, "idle sessions of orders") == "deep/pool.md"


async def test_the_index_survives_a_restart(home: Path, docs: Path) -> None:
    first = KnowledgeBase(home, Counting())
    await first.sync([FolderSource(docs)])
    expected = (await first.search("nightly full backup")).hits
    await first.close()
    second = KnowledgeBase(home, Counting())
    assert (await second.search("nightly full backup")).hits == expected
    assert (await second.sync([FolderSource(docs)])).n_embedded == 0
    await second.close()


async def test_bad_files_are_named_and_the_rest_is_indexed(base: KnowledgeBase, docs: Path) -> None:
    (docs / "image.md").write_bytes(b"\x89PNG\x00\x00")
    report = await base.sync([FolderSource(docs)])
    assert report.n_documents == 3
    assert [(file.path, file.reason) for file in report.skipped] == [("image.md", "binary")]
    assert (await base.status()).n_skipped == 1


async def test_an_empty_folder_gives_a_working_empty_index(
    base: KnowledgeBase, tmp_path: Path, docs: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    report = await base.sync([FolderSource(empty)])
    assert (report.n_documents, report.n_chunks) == (0, 0)
    found = await base.search("anything")
    assert (found.hits, found.answerability) == ((), Answerability.NO)
    status = await base.status()
    assert status.built_at is not None
    assert status.trouble == ""
    assert (await base.sync([FolderSource(docs)])).added == 3


async def test_a_search_before_any_sync_finds_nothing(base: KnowledgeBase) -> None:
    assert (await base.search("anything")).hits == ()
    assert (await base.status()).built_at is None


async def test_a_missing_folder_leaves_the_index_as_it_is(base: KnowledgeBase, docs: Path) -> None:
    await base.sync([FolderSource(docs)])
    report = await base.sync([FolderSource(docs / "nowhere")])
    (outcome,) = report.sources
    assert "no such file or folder" in outcome.trouble
    assert (report.n_documents, report.removed) == (3, 0)
    assert await first_path(base, "idle sessions of orders") == "pool.md"


async def test_a_sync_that_dies_half_way_leaves_the_old_index_serving(
    base: KnowledgeBase, docs: Path, home: Path, embedder: Counting
) -> None:
    await base.sync([FolderSource(docs)])
    before = Generations(home).current()
    (docs / "new.md").write_text("# New\n\nKafka.\n")
    embedder.fails = True
    with pytest.raises(EmbeddingError):
        await base.sync([FolderSource(docs)])
    embedder.fails = False
    assert Generations(home).current() == before
    assert await first_path(base, "idle sessions of orders") == "pool.md"
    assert (await base.sync([FolderSource(docs)])).added == 1


async def test_what_a_killed_sync_left_behind_is_cleaned_up(
    base: KnowledgeBase, docs: Path, home: Path
) -> None:
    half = home / "generations" / "half"
    half.mkdir(parents=True)
    (half / "chunks.jsonl").write_text("{")
    await base.sync([FolderSource(docs)])
    assert not half.exists()


async def test_the_old_index_answers_while_the_new_one_is_built(
    base: KnowledgeBase, home: Path, docs: Path, embedder: Counting
) -> None:
    await base.sync([FolderSource(docs)])
    reader = KnowledgeBase(home, HashEmbedder())
    (docs / "new.md").write_text("# New\n\nKafka brokers.\n")
    embedder.gate.clear()
    embedder.reached.clear()
    syncing = asyncio.create_task(base.sync([FolderSource(docs)]))
    await embedder.reached.wait()
    assert await first_path(reader, "idle sessions of orders") == "pool.md"
    with pytest.raises(SyncBusyError):
        await reader.sync([FolderSource(docs)])
    embedder.gate.set()
    await syncing
    assert await first_path(reader, "kafka brokers") == "new.md"
    await reader.close()


async def test_a_cancelled_sync_can_be_repeated(
    base: KnowledgeBase, docs: Path, embedder: Counting
) -> None:
    embedder.gate.clear()
    syncing = asyncio.create_task(base.sync([FolderSource(docs)]))
    await embedder.reached.wait()
    syncing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await syncing
    embedder.gate.set()
    assert (await base.sync([FolderSource(docs)])).n_documents == 3


async def test_another_encoder_rebuilds_everything(home: Path, docs: Path) -> None:
    first = KnowledgeBase(home, HashEmbedder(64))
    await first.sync([FolderSource(docs)])
    await first.close()
    second = KnowledgeBase(home, HashEmbedder(128))
    assert await first_path(second, "idle sessions of orders") == "pool.md"
    report = await second.sync([FolderSource(docs)])
    assert report.rebuilt == "embedding model hash-64 became hash-128"
    assert report.n_embedded == report.n_chunks == 3
    assert (await second.status()).encoder == "hash-128"
    await second.close()


@pytest.mark.parametrize(
    "damaged",
    [
        "manifest.json",
        "passages.sqlite3",
        "vectors.npy",
        "lexical/pointers.npy",
        "lexical/vocabulary.txt",
        "vectors/chroma.sqlite3",
        "vectors/*/data_level0.bin",
        "vectors/*/header.bin",
    ],
)
@pytest.mark.parametrize("how", ["garbage", "cut", "gone"])
async def test_a_damaged_index_is_noticed_and_rebuilt(
    home: Path, docs: Path, damaged: str, how: str
) -> None:
    first = KnowledgeBase(home, HashEmbedder())
    await first.sync([FolderSource(docs)])
    await first.close()
    current = Generations(home).current()
    assert current is not None
    (file,) = current.glob(damaged)
    if how == "gone":
        file.unlink()
    elif how == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        file.write_bytes(b"\xa5" * file.stat().st_size)
    second = KnowledgeBase(home, HashEmbedder())
    found = {hit.path for hit in (await second.search("idle sessions of orders", 1)).hits}
    assert found <= ({"pool.md"} if "vectors/" in damaged else set())
    assert (await second.status()).trouble
    report = await second.sync([])
    assert report.rebuilt
    assert report.n_documents == 3
    assert (await second.status()).trouble == ""
    assert await first_path(second, "idle sessions of orders") == "pool.md"
    await second.close()


async def test_a_vanished_index_is_noticed_and_rebuilt(home: Path, docs: Path) -> None:
    first = KnowledgeBase(home, HashEmbedder())
    await first.sync([FolderSource(docs)])
    await first.close()
    shutil.rmtree(home / "generations")
    second = KnowledgeBase(home, HashEmbedder())
    assert (await second.status()).trouble
    assert (await second.sync([FolderSource(docs)])).n_embedded == 3
    await second.close()


async def test_words_alone_find_when_the_encoder_fails(
    base: KnowledgeBase, docs: Path, embedder: Counting
) -> None:
    await base.sync([FolderSource(docs)])
    embedder.fails = True
    found = await base.search("idle sessions of orders")
    assert found.hits[0].path == "pool.md"
    assert found.hits[0].cosine is None


async def test_a_rare_name_comes_first_and_makes_sure(base: KnowledgeBase, docs: Path) -> None:
    for number in range(30):
        (docs / f"{number}.md").write_text(
            f"# Page {number}\n\nSessions and idle things {number}.\n"
        )
    await base.sync([FolderSource(docs)])
    found = await base.search("idle things and sessions: kill_idle")
    assert found.hits[0].path == "pool.md"
    assert found.answerability is not Answerability.NO


async def test_filters_keep_to_a_folder_or_a_source(
    base: KnowledgeBase, docs: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "team").mkdir(parents=True)
    (other / "team" / "pool.md").write_text(POOL.replace("orders", "orders and billing"))
    await base.sync([FolderSource(docs), FolderSource(other)])
    asked = "idle sessions of orders"
    under = await base.search(asked, only=SearchFilter(under="team"))
    assert [hit.path for hit in under.hits] == ["team/pool.md"]
    source = str(docs)
    found = await base.search(asked, k=9, only=SearchFilter(sources=frozenset({source})))
    assert {hit.source for hit in found.hits} == {source}
    assert (await base.search(asked, only=SearchFilter(under="nowhere"))).hits == ()


async def test_repeated_passages_take_one_place(base: KnowledgeBase, docs: Path) -> None:
    (docs / "copy.md").write_text(POOL)
    await base.sync([FolderSource(docs)])
    paths = [hit.path for hit in (await base.search("idle sessions of orders", k=3)).hits]
    assert len({"copy.md", "pool.md"} & set(paths)) == 1


async def test_progress_goes_through_all_stages(base: KnowledgeBase, docs: Path) -> None:
    seen: list[SyncProgress] = []
    await base.sync([FolderSource(docs)], seen.append)
    assert list(dict.fromkeys(one.stage for one in seen)) == list(SyncStage)
    assert all(0 <= one.done <= one.total for one in seen)
    assert (seen[-1].done, seen[-1].total) == (3, 3)


async def test_nothing_is_asked_from_outside(
    base: KnowledgeBase, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    await base.sync([FolderSource(docs)])
    assert await first_path(base, "idle sessions of orders") == "pool.md"


async def test_at_least_one_hit_must_be_asked_for(base: KnowledgeBase) -> None:
    with pytest.raises(ValueError, match="k must be >= 1"):
        await base.search("anything", k=0)


async def test_an_empty_question_finds_nothing_and_says_so(base: KnowledgeBase, docs: Path) -> None:
    await base.sync([FolderSource(docs)])
    found = await base.search(" \n ")
    assert (found.hits, found.note) == ((), "The question is empty.")


async def test_of_a_very_long_question_the_beginning_counts(
    base: KnowledgeBase, docs: Path
) -> None:
    await base.sync([FolderSource(docs)])
    found = await base.search("idle sessions of orders. " + "lorem ipsum " * 2000, 1)
    assert found.hits[0].path == "pool.md"
    assert found.note == "Only the first 4,000 characters of the question were searched for."


async def test_documents_are_added_read_and_removed_one_by_one(
    base: KnowledgeBase, docs: Path
) -> None:
    await base.sync([FolderSource(docs)])
    note = Document(
        source="threads",
        path="1.md",
        text="# Thread\n\nKafka brokers were restarted.\n",
        format=Format.MARKDOWN,
        sha256="1",
        metadata=Metadata(groups=frozenset({"sre"})),
    )
    report = await base.add([note, replace(note, path="2.md")], kind="threads")
    assert (report.added, report.n_documents, report.sources[0].kind) == (2, 5, "threads")
    assert (await base.search("kafka brokers")).hits[0].source != "threads"
    found = await base.search("kafka brokers", reader=OWNER)
    assert found.hits[0].source == "threads"
    assert await base.document("threads", "1.md", reader=OWNER) == note
    assert await base.document("threads", "1.md", reader=ANYBODY) is None
    assert (await base.remove("threads", "1.md")).removed == 1
    assert await base.document("threads", "1.md", reader=OWNER) is None
    statuses = {one.name: one for one in await base.sources()}
    assert (statuses["threads"].n_documents, statuses["threads"].n_chunks) == (1, 1)
    assert (statuses[str(docs)].n_documents, statuses[str(docs)].n_chunks) == (3, 3)
    assert (await base.remove("threads")).n_documents == 3
    assert [one.name for one in await base.sources()] == [str(docs)]


async def test_a_change_of_who_may_read_counts_without_a_change_of_text(
    base: KnowledgeBase,
) -> None:
    open_to_all = Document(
        source="threads", path="1.md", text="Kafka.", format=Format.TEXT, sha256="1"
    )
    await base.add([open_to_all])
    assert (await base.search("kafka")).hits
    closed = replace(open_to_all, metadata=Metadata(groups=frozenset({"sre"})))
    report = await base.add([closed])
    assert (report.changed, report.n_embedded) == (1, 0)
    assert (await base.search("kafka")).hits == ()


async def test_searches_run_beside_each_other(base: KnowledgeBase, docs: Path) -> None:
    await base.sync([FolderSource(docs)])
    asked = ["idle sessions of orders", "full backup every night", "certificate load balancer"] * 5
    found = await asyncio.gather(*(base.search(question, k=1) for question in asked))
    paths = [result.hits[0].path for result in found]
    assert paths == ["pool.md", "backup.md", "certificate.md"] * 5


def note(path: str) -> Document:
    text = f"# Note {path}\n\nKafka brokers were restarted because of {path}.\n"
    return Document(source="threads", path=path, text=text, format=Format.MARKDOWN, sha256=path)


def set_aside(home: Path) -> list[Path]:
    return list(home.glob("documents.sqlite3.damaged-*"))


@pytest.mark.parametrize("how", ["garbage", "gone", "one page"])
async def test_damaged_documents_are_recovered_and_nothing_is_emptied(
    home: Path, docs: Path, how: str
) -> None:
    base = KnowledgeBase(home, HashEmbedder())
    await base.sync([FolderSource(docs)])
    await base.add([note(f"{number}.md") for number in range(40)])
    file = home / "documents.sqlite3"
    for part in ("-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)
    if how == "gone":
        file.unlink()
    elif how == "garbage":
        file.write_bytes(b"\xa5" * file.stat().st_size)
    else:
        data = bytearray(file.read_bytes())
        data[-4096:] = b"\xa5" * 4096
        file.write_bytes(data)
    assert await first_path(base, "idle sessions of orders") == "pool.md"
    assert bool((await base.status()).trouble) is (how == "garbage")
    report = await base.sync([FolderSource(docs)])
    assert report.n_documents == 43
    assert not (await base.status()).trouble
    found = await base.search("kafka brokers restarted because of 17", 40)
    assert {hit.path for hit in found.hits} >= {"17.md"}
    recovered = await base.document("threads", "17.md", reader=ANYBODY)
    assert recovered is not None
    assert "Kafka brokers were restarted because of 17.md." in recovered.text
    assert set_aside(home)
    assert (await base.sync([FolderSource(docs)])).changed == 0
    await base.close()
