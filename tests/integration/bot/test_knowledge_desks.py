"""What becomes of summaries, uploads and verdicts when things go wrong between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine

from bot.messages import ThreadRef
from bot.note_desk import NoteDesk, NoteRefusedError
from bot.store.engine import open_database
from bot.store.feedback import Feedback, FeedbackBook, Verdict
from bot.store.knowledge_answers import KnowledgeAnswer, KnowledgeAnswers, ShownPassage
from bot.store.thread_notes import NewThreadNote, NoteState, ThreadNote, ThreadNotes
from bot.store.uploads import UploadedDocuments
from bot.upload_desk import (
    MAX_BYTES,
    PostedFile,
    UploadDesk,
    UploadRefusedError,
    narrowed,
    read_document,
)
from knowledge import (
    OWNER,
    Document,
    EmbeddingError,
    KnowledgeBase,
    Reader,
    SyncBusyError,
    SyncReport,
)
from knowledge.hash_embedder import HashEmbedder

NOW = datetime(2026, 11, 21, tzinfo=UTC)
THREAD = ThreadRef("C1", "1.0")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
async def base(tmp_path: Path) -> AsyncGenerator[KnowledgeBase]:
    base = KnowledgeBase(tmp_path / "kb", HashEmbedder())
    yield base
    await base.close()


class Shelf:
    """Refuses as often as it is told, then takes documents in."""

    def __init__(self, base: KnowledgeBase, *faults: Exception) -> None:
        self.base = base
        self.faults = list(faults)

    async def add(self, documents: Sequence[Document], *, kind: str) -> SyncReport:
        if self.faults:
            raise self.faults.pop(0)
        return await self.base.add(documents, kind=kind)

    async def document(self, source: str, path: str, *, reader: Reader) -> Document | None:
        return await self.base.document(source, path, reader=reader)

    async def remove(self, source: str, path: str | None = None) -> SyncReport:
        if self.faults:
            raise self.faults.pop(0)
        return await self.base.remove(source, path)


class Room:
    def __init__(self) -> None:
        self.groups = frozenset[str]()

    async def __call__(self, channel_id: str) -> frozenset[str]:
        return self.groups


def shown(notes: ThreadNotes) -> ThreadNote:
    return notes.add(
        NewThreadNote(
            thread=THREAD,
            title="The samovar leaks",
            text="## Cause\n- Jonas: a cracked gasket",
            url="",
            groups=frozenset(),
            asked_by="U1",
            created_at=NOW,
        )
    )


def desk(notes: ThreadNotes, shelf: Shelf, room: Room | None = None) -> NoteDesk:
    return NoteDesk(notes, shelf, room or Room(), lambda: NOW, waits_s=(0.0, 0.0))


async def test_a_sync_that_is_running_is_waited_for(database: Engine, base: KnowledgeBase) -> None:
    notes = ThreadNotes(database)
    busy = SyncBusyError(Path("kb"))
    note, line = await desk(notes, Shelf(base, busy, busy)).keep(shown(notes).note_id, "U2", "Jo")
    assert (note.state, line) == (NoteState.KEPT, "Learned; Jo confirmed it.")
    assert await base.document("threads", "C1/1.0", reader=OWNER) is not None


@pytest.mark.parametrize("fault", [EmbeddingError("no encoder"), SyncBusyError(Path("kb"))])
async def test_a_summary_that_is_not_taken_in_still_waits_and_can_be_kept(
    database: Engine, base: KnowledgeBase, fault: Exception
) -> None:
    notes = ThreadNotes(database)
    note_id = shown(notes).note_id
    failing = desk(notes, Shelf(base, *[fault] * 3))
    with pytest.raises(NoteRefusedError, match="did not take it"):
        await failing.keep(note_id, "U2", "Jo")
    assert (await desk(notes, Shelf(base)).keep(note_id, "U2", "Jo"))[0].state is NoteState.KEPT


class BrokenEmbedder(HashEmbedder):
    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise EmbeddingError("no encoder")


async def test_what_is_stored_and_not_indexed_yet_is_said_to_be_found_later(
    database: Engine, tmp_path: Path
) -> None:
    broken = KnowledgeBase(tmp_path / "broken", BrokenEmbedder())
    notes = ThreadNotes(database)
    note, line = await desk(notes, Shelf(broken)).keep(shown(notes).note_id, "U2", "Jo")
    assert note.state is NoteState.KEPT
    assert "once the index is built again (no encoder)" in line
    assert len(await broken.catalogue()) == 1
    await broken.close()


async def test_a_summary_is_decided_once(database: Engine, base: KnowledgeBase) -> None:
    notes = ThreadNotes(database)
    note_id = shown(notes).note_id
    taking = desk(notes, Shelf(base))
    await taking.keep(note_id, "U2", "Jo")
    for again in (taking.keep, taking.discard):
        with pytest.raises(NoteRefusedError, match="learned already"):
            await again(note_id, "U3", "Mo")
    with pytest.raises(NoteRefusedError, match="learned already"):
        await taking.change(note_id, "x", "y")
    assert not notes.decide(note_id, NoteState.KEPT, "U3", NOW)
    with pytest.raises(NoteRefusedError, match="not known"):
        await taking.keep(999, "U2", "Jo")


async def test_nothing_is_learned_for_readers_other_than_those_shown(
    database: Engine, base: KnowledgeBase
) -> None:
    notes, room = ThreadNotes(database), Room()
    note_id = shown(notes).note_id
    room.groups = frozenset({"security"})
    with pytest.raises(NoteRefusedError, match="who may read it has changed"):
        await desk(notes, Shelf(base), room).keep(note_id, "U2", "Jo")
    assert await base.catalogue() == ()
    await desk(notes, Shelf(base), room).keep(note_id, "U2", "Jo")
    ((_, _, metadata),) = await base.catalogue()
    assert metadata.groups == {"security"}


async def test_an_empty_summary_is_refused(database: Engine, base: KnowledgeBase) -> None:
    notes = ThreadNotes(database)
    with pytest.raises(NoteRefusedError, match="needs a title"):
        await desk(notes, Shelf(base)).change(shown(notes).note_id, " \u200b ", "text")


def posted(name: str, content: bytes, file_id: str = "F1") -> PostedFile:
    return PostedFile(
        file_id=file_id,
        name=name,
        content=content,
        channel_id="C1",
        message_ts=f"{file_id}.0",
        user_id="U1",
        author="Maya",
        url="",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.md", b"", "empty"),
        ("a.md", b"\x00\x01", "binary"),
        ("a.md", b"\xff\xfe\xfa", "UTF"),
        ("a.exe", b"MZ", "known kind"),
        ("a", b"text", "known kind"),
        ("..", b"text", "name"),
        ("\0.md", b"text", "name"),
        ("a.md", b"x" * (MAX_BYTES + 1), "larger"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(
    name: str, content: bytes, why: str
) -> None:
    with pytest.raises(UploadRefusedError, match=why):
        read_document(name, content)


def test_a_name_with_folders_cannot_leave_its_place() -> None:
    found = read_document("../../etc/evil.md", b"# Hello\n")
    assert (found.source, found.path) == ("uploads", "evil.md")


async def test_a_file_replaced_by_another_stays_when_the_old_one_is_deleted(
    database: Engine, base: KnowledgeBase
) -> None:
    taking = UploadDesk(Shelf(base), UploadedDocuments(database), Room(), waits_s=())
    await taking.take(posted("a.md", b"# Old\n\nold text\n"))
    await taking.take(posted("a.md", b"# New\n\nnew text\n", "F2"))
    await taking.file_gone("F1")
    await taking.message_gone("C1", "F1.0")
    found = await base.document("uploads", "a.md", reader=OWNER)
    assert found is not None
    assert "new text" in found.text
    await taking.file_gone("F2")
    assert await base.catalogue() == ()


async def test_a_deleted_file_is_removed_once_a_running_sync_has_ended(
    database: Engine, base: KnowledgeBase
) -> None:
    shelf = Shelf(base)
    uploaded = UploadedDocuments(database)
    taking = UploadDesk(shelf, uploaded, Room(), waits_s=(), removal_waits_s=(0.0,) * 6)
    await taking.take(posted("a.md", b"# Old\n\nold text\n"))
    shelf.faults += [SyncBusyError(Path("kb"))] * 6
    await taking.file_gone("F1")
    assert await base.catalogue() == ()


async def test_a_file_that_was_not_indexed_leaves_no_trace(
    database: Engine, base: KnowledgeBase
) -> None:
    uploaded = UploadedDocuments(database)
    taking = UploadDesk(Shelf(base, EmbeddingError("no encoder")), uploaded, Room(), waits_s=())
    with pytest.raises(UploadRefusedError, match="no encoder"):
        await taking.take(posted("a.md", b"# Old\n\nold text\n"))
    assert uploaded.of_file("F1") == ()


def test_a_document_and_its_channel_must_both_allow_a_reader() -> None:
    db, hr = frozenset({"db"}), frozenset({"hr"})
    assert narrowed(frozenset(), db) == db
    assert narrowed(db, frozenset()) == db
    assert narrowed(db | hr, db) == db
    with pytest.raises(UploadRefusedError, match="only for hr"):
        narrowed(hr, db)


def answer(request_id: str, at: datetime, *, is_refusal: bool = False) -> KnowledgeAnswer:
    passage = ShownPassage(title="T", heading="H", path="p.md", lines=(1, 9), excerpt="x")
    return KnowledgeAnswer(
        request_id=request_id,
        channel_id="C1",
        user_id="U1",
        question="how?",
        is_refusal=is_refusal,
        answer="so",
        passages=() if is_refusal else (passage,),
        nearest=("T",) if is_refusal else (),
        created_at=at,
    )


def test_answers_come_back_as_they_were_with_everybodys_verdict(database: Engine) -> None:
    answers, book = KnowledgeAnswers(database), FeedbackBook(database)
    old, new = answer("r1", NOW - timedelta(days=9)), answer("r2", NOW)
    for one in (old, new, answer("r3", NOW, is_refusal=True)):
        answers.save(one)
    for user_id, verdict in (("U1", Verdict.BAD), ("U2", Verdict.GOOD), ("U1", Verdict.GOOD)):
        book.record(
            Feedback(
                request_id="r1",
                user_id=user_id,
                verdict=verdict,
                question="",
                answer="as shown",
                created_at=NOW,
            )
        )
    assert answers.find("r2") == new
    assert [one.request_id for one in answers.refusals()] == ["r3"]
    (judged,) = answers.judged()
    assert (judged.answer, judged.n_good, judged.n_bad) == (old, 2, 0)
    assert {one.question for one in book.about("r1")} == {"how?"}
    assert {one.answer for one in book.about("r1")} == {"so"}
    assert answers.judged(NOW) == ()
    assert answers.prune(NOW - timedelta(days=1)) == 1
    assert answers.find("r1") is None
    assert book.about("r1") == ()
    assert answers.find("r2") == new
