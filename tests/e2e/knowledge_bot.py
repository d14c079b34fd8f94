"""The bot around a real knowledge base, on a local workspace; words are hashed, nothing is worded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.card_links import CardLinks
from bot.conversation.go_ahead import GoAheadSkill
from bot.desk import Desk
from bot.dispatch import Dispatcher
from bot.incidents.desk import IncidentDesk
from bot.incidents.skill import IncidentOrders
from bot.knowledge_desks import KnowledgeDesks, build_knowledge_desks
from bot.messages import Intent, ThreadRef
from bot.runbook_wiring import RunbookServices, build_runbook_services
from bot.skills.knowledge import KnowledgeSkill
from bot.slack.app import SlackConnection
from bot.slack.incident_intake import IncidentIntake
from bot.slack.knowledge_intake import KnowledgeIntake
from bot.slack.note_clicks import NoteClicks
from bot.slack.outlets import CardBoard
from bot.slack.rooms import SlackRooms
from bot.slack.surface import Surface
from bot.store.engine import open_database
from bot.store.events import SeenEvents
from bot.store.feedback import FeedbackBook
from bot.store.incidents import Incidents
from bot.store.knowledge_answers import KnowledgeAnswers
from bot.store.message_refs import MessageRefs
from bot.store.threads import Threads
from bot.workspace.server import Workspace
from inference.request import Ended, Event, GenerateRequest, Outcome
from knowledge import KnowledgeBase
from knowledge.hash_embedder import HashEmbedder

from .skill_bot import Always, settings_on


class NoModel:
    """A model that is not there."""

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        yield Ended(outcome=Outcome.FAILED, reason="there is none")


@dataclass(frozen=True)
class KnowledgeBot:
    """Parts of a running bot."""

    base: KnowledgeBase
    desks: KnowledgeDesks
    answers: KnowledgeAnswers
    services: RunbookServices
    incidents: Incidents


@asynccontextmanager
async def knowledge_bot_on(
    workspace: Workspace, home: Path, **knowledge: Any
) -> AsyncGenerator[KnowledgeBot]:
    """The running bot.

    Args:
        knowledge: Settings of the section "knowledge".
    """
    settings = settings_on(workspace, home, knowledge=knowledge)
    async with AsyncExitStack() as stack:
        database = open_database(settings.effective_database_url)
        stack.callback(database.dispose)
        base = KnowledgeBase(home / "knowledge", HashEmbedder())
        stack.push_async_callback(base.close)
        connection = SlackConnection(settings.slack)
        people = await connection.identify()
        services = build_runbook_services(settings, database, people, connection.team_id)
        room = SlackRooms(connection.web, people, connection.bot_user_id)
        desks = build_knowledge_desks(
            settings.knowledge, database, people, connection.team_id, base, room
        )

        async def runs(_thread: ThreadRef) -> tuple[str, ...]:
            return ("#3 checkout-pool-exhaustion (demo): succeeded; approved by Jonas Weber",)

        card_links = CardLinks(MessageRefs(database), room)
        incidents = IncidentDesk(Incidents(database), services.approvals, card_links, room)
        surface = Surface(
            web=connection.web,
            people=people,
            pacer=connection.pacer,
            dispatcher=Dispatcher(
                router=Always(Intent.KNOWLEDGE),
                skills={
                    Intent.KNOWLEDGE: desks.learning(
                        KnowledgeSkill(base, NoModel()), runs, NoModel()
                    )
                },
                memory=Threads(database),
                sightings=SeenEvents(database),
                clearance=desks.access,
                orders=(
                    GoAheadSkill(services.approvals, card_links),
                    IncidentOrders(
                        incidents,
                        notes=desks.drafts,
                        audience=desks.audience,
                        name_of=room.name_of,
                    ),
                ),
            ),
            desk=Desk(
                approvals=services.approvals,
                executor=services.executor,
                control=services.control,
                board=CardBoard(connection.web, connection.pacer, MessageRefs(database)),
            ),
            feedback=FeedbackBook(database),
            threads=Threads(database),
            notes=NoteClicks(web=connection.web, people=people, desk=desks.notes),
            intake=KnowledgeIntake(
                web=connection.web,
                people=people,
                desk=desks.uploads,
                channel_id=settings.knowledge.upload_channel or "",
                sightings=desks.sightings,
            ),
            incidents=IncidentIntake(people=people, desk=incidents),
        )
        await connection.listen(surface)
        stack.push_async_callback(surface.drain, 5.0)
        stack.push_async_callback(connection.close)
        await workspace.wait_for_bot()
        yield KnowledgeBot(base, desks, KnowledgeAnswers(database), services, Incidents(database))
