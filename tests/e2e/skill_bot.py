"""The bot with a single skill, on a local workspace: real Bolt, a real socket, a real database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import amendments
from bot.desk import Desk
from bot.dispatch import Dispatcher, Skill
from bot.messages import Intent, Turn
from bot.runbook_wiring import RunbookServices, build_runbook_services
from bot.settings import Settings, load_settings
from bot.skills.logs.book import LogBook
from bot.slack.app import SlackConnection
from bot.slack.outlets import CardBoard
from bot.slack.surface import Surface
from bot.store.engine import open_database
from bot.store.events import SeenEvents
from bot.store.feedback import FeedbackBook
from bot.store.log_answers import LogAnswers
from bot.store.log_marks import LogMarks
from bot.store.message_refs import MessageRefs
from bot.store.threads import Threads
from bot.workspace.server import Workspace
from runbooks.catalog import Catalog

MakeSkill = Callable[[RunbookServices, LogBook], Skill]


@dataclass(frozen=True)
class SkillBot:
    """Parts of a running bot."""

    book: LogBook
    desk: Desk


@dataclass
class Always:
    """Takes everything for the same."""

    intent: Intent
    confidence: float = 1.0

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> Always:
        return self


def settings_on(workspace: Workspace, home: Path, **sections: Any) -> Settings:
    """Settings whose Slack is the workspace."""
    slack = {
        "bot_token": workspace.bot_token,
        "app_token": workspace.app_token,
        "api_url": workspace.api_url,
        "edit_interval_s": 0.05,
    }
    return load_settings(home=home, slack=slack, **sections)


@asynccontextmanager
async def skill_bot_on(
    workspace: Workspace, settings: Settings, intent: Intent, make_skill: MakeSkill
) -> AsyncGenerator[SkillBot]:
    """The running bot; no model is needed."""
    async with AsyncExitStack() as stack:
        database = open_database(settings.effective_database_url)
        stack.callback(database.dispose)
        connection = SlackConnection(settings.slack)
        people = await connection.identify()
        services = build_runbook_services(settings, database, people, connection.team_id)
        board = CardBoard(connection.web, connection.pacer, MessageRefs(database))
        desk = Desk(
            approvals=services.approvals,
            executor=services.executor,
            control=services.control,
            board=board,
        )
        book = LogBook(answers=LogAnswers(database), marks=LogMarks(database))
        catalog = Catalog.load(settings.runbooks.folders)
        surface = Surface(
            web=connection.web,
            people=people,
            pacer=connection.pacer,
            dispatcher=Dispatcher(
                router=Always(intent),
                skills={intent: make_skill(services, book)},
                memory=Threads(database),
                sightings=SeenEvents(database),
            ),
            desk=desk,
            feedback=FeedbackBook(database),
            threads=Threads(database),
            log_book=book,
            catalog=catalog,
            amendments=amendments(services, catalog, desk),
        )
        await connection.listen(surface)
        stack.push_async_callback(desk.drain, 5.0)
        stack.push_async_callback(surface.drain, 5.0)
        stack.push_async_callback(connection.close)
        await workspace.wait_for_bot()
        yield SkillBot(book, desk)
