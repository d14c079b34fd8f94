"""Everything around the knowledge base beside its search: who may read, what is learned and kept."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine as Database

from knowledge import Document, KnowledgeBase, staleness
from runbooks.directory import GroupDirectory

from .access import Access
from .knowledge_settings import KnowledgeSettings
from .note_desk import NoteDesk
from .runbook_wiring import utc_now
from .skills.generation import Generator
from .skills.learn.skill import LearnSkill, Other, Room, Runs
from .skills.marked import MarkedSkill, Stored
from .skills.recorded import RecordedSkill
from .store.events import SeenEvents
from .store.knowledge_answers import KnowledgeAnswers
from .store.thread_notes import ThreadNotes
from .store.uploads import UploadedDocuments
from .upload_desk import UploadDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeDesks:
    """What is decided and kept around the knowledge base."""

    access: Access
    notes: NoteDesk
    uploads: UploadDesk
    sightings: SeenEvents
    _stored_notes: ThreadNotes
    _answers: KnowledgeAnswers
    _room: Room | None
    _documents: Stored
    _stale_after_days: int | None

    def learning(self, skill: Other, runs: Runs, generator: Generator) -> LearnSkill:
        """The knowledge skill, whose answers are kept, and which can learn a thread."""
        return LearnSkill(
            RecordedSkill(MarkedSkill(skill, self._documents, self._staleness), self._answers),
            room=self._room,
            notes=self._stored_notes,
            audience=self.audience,
            runs=runs,
            generator=generator,
        )

    def _staleness(self, document: Document) -> str:
        return staleness(document.metadata, utc_now().date(), self._stale_after_days)

    @property
    def drafts(self) -> ThreadNotes:
        """Where texts wait that a person may keep."""
        return self._stored_notes

    async def audience(self, channel_id: str) -> frozenset[str]:
        """Who may read what was said in a channel; see `Access.audience`."""
        return await self.access.audience(channel_id, self._room)


def build_knowledge_desks(
    settings: KnowledgeSettings,
    database: Database,
    directory: GroupDirectory,
    team_id: str,
    knowledge: KnowledgeBase,
    room: Room | None,
) -> KnowledgeDesks:
    """Build everything over an opened database.

    Args:
        directory: Where user groups are looked up.
        team_id: The workspace whose members may have access groups.
        room: Where threads are read; None at a terminal.
    """
    access = Access(settings.access, directory, team_id, knowledge)

    async def audience(channel_id: str) -> frozenset[str]:
        return await access.audience(channel_id, room)

    notes = ThreadNotes(database)
    return KnowledgeDesks(
        access=access,
        notes=NoteDesk(notes, knowledge, audience, utc_now),
        uploads=UploadDesk(knowledge, UploadedDocuments(database), audience),
        sightings=SeenEvents(database),
        _stored_notes=notes,
        _answers=KnowledgeAnswers(database),
        _room=room,
        _documents=knowledge,
        _stale_after_days=settings.stale_after_days,
    )
