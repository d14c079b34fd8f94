"""The bot with the runbook skill alone, on the local workspace."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.app import amendments
from bot.desk import Desk
from bot.dispatch import Dispatcher
from bot.messages import Intent, Turn
from bot.runbook_wiring import build_runbook_services
from bot.settings import Settings
from bot.skills.runbook.skill import RunbookSkill
from bot.slack.app import SlackConnection
from bot.slack.outlets import CardBoard
from bot.slack.surface import Surface
from bot.store.engine import open_database
from bot.store.events import SeenEvents
from bot.store.feedback import FeedbackBook
from bot.store.message_refs import MessageRefs
from bot.store.threads import Threads
from bot.workspace.server import Workspace
from runbooks.catalog import Catalog


@dataclass
class AlwaysRunbook:
    intent: Intent = Intent.RUNBOOK
    confidence: float = 1.0

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> AlwaysRunbook:
        return self


@asynccontextmanager
async def bot_on(workspace: Workspace, settings: Settings) -> AsyncGenerator[Desk]:
    """The bot with the runbook skill alone; no model is needed for what is tested here."""
    async with AsyncExitStack() as stack:
        database = open_database(settings.effective_database_url)
        stack.callback(database.dispose)
        connection = SlackConnection(settings.slack)
        people = await connection.identify()
        services = build_runbook_services(settings, database, people, connection.team_id)
        board = CardBoard(connection.web, connection.pacer, MessageRefs(database))
        desk = Desk(approvals=services.approvals, executor=services.executor, board=board)
        catalog = Catalog.load(settings.runbooks.folders)
        skill = RunbookSkill(catalog, services.approvals)
        surface = Surface(
            web=connection.web,
            people=people,
            pacer=connection.pacer,
            dispatcher=Dispatcher(
                router=AlwaysRunbook(),
                skills={Intent.RUNBOOK: skill},
                memory=Threads(database),
                sightings=SeenEvents(database),
            ),
            desk=desk,
            feedback=FeedbackBook(database),
            threads=Threads(database),
            amendments=amendments(services, catalog, desk),
        )
        await connection.listen(surface)
        stack.push_async_callback(desk.drain, 5.0)
        stack.push_async_callback(surface.drain, 5.0)
        stack.push_async_callback(connection.close)
        await workspace.wait_for_bot()
        yield desk
