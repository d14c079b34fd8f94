"""The bot with the log skill alone, on a local workspace, with a made-up model and real files."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.desk import Desk
from bot.dispatch import Dispatcher
from bot.messages import Intent, Turn
from bot.runbook_wiring import build_runbook_services
from bot.settings import Settings, load_settings
from bot.skills.logs import LogsSkill
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
from inference.request import Ended, Event, GenerateRequest, Outcome, TextDelta

N_SECONDS = 300
BAD_FROM = 200


@dataclass
class AlwaysLogs:
    intent: Intent = Intent.LOGS
    confidence: float = 1.0

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> AlwaysLogs:
        return self


class Speaker:
    """A model that always says the same."""

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        yield TextDelta(text="Likely cause: `pool exhausted` [1].\nNext check: the pool.")
        yield Ended(outcome=Outcome.FINISHED, reason="")


def write_logs(folder: Path, now: datetime) -> None:
    """Shop failed in the last 100 seconds; a day earlier it was well."""
    start = now - timedelta(seconds=N_SECONDS)
    yesterday = _lines(start - timedelta(days=1), bad_from=N_SECONDS)
    path = folder / "shop.log"
    path.write_text(yesterday + _lines(start, bad_from=BAD_FROM), encoding="utf-8")
    os.utime(path, (now.timestamp(), now.timestamp()))


def _lines(start: datetime, bad_from: int) -> str:
    lines: list[str] = []
    for second in range(N_SECONDS):
        at = f"{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}.500Z"
        if second < bad_from:
            lines += [f"{at} INFO shop [req-{second:08x}] POST /buy 200 {n} ms" for n in range(4)]
        else:
            lines.append(f"{at} ERROR shop pool exhausted after 500 ms")
            lines.append(f"{at} WARN shop retry of req-{second:08x} with token=hunter2secret")
    return "\n".join(lines) + "\n"


def settings_for(workspace: Workspace, home: Path, *, window_s: int = 200) -> Settings:
    return load_settings(
        home=home,
        slack={
            "bot_token": workspace.bot_token,
            "app_token": workspace.app_token,
            "api_url": workspace.api_url,
            "edit_interval_s": 0.05,
        },
        logs={"sources": {"shop": [str(home / "shop.log")]}, "window_s": window_s},
    )


@asynccontextmanager
async def log_bot_on(workspace: Workspace, settings: Settings) -> AsyncGenerator[LogBook]:
    """The running bot; gives its log book."""
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
        skill = LogsSkill(settings.logs, Speaker(), model_name="tiny", zone=UTC, book=book)
        surface = Surface(
            web=connection.web,
            people=people,
            pacer=connection.pacer,
            dispatcher=Dispatcher(
                router=AlwaysLogs(),
                skills={Intent.LOGS: skill},
                memory=Threads(database),
                sightings=SeenEvents(database),
            ),
            desk=desk,
            feedback=FeedbackBook(database),
            threads=Threads(database),
            log_book=book,
        )
        await connection.listen(surface)
        stack.push_async_callback(surface.drain, 5.0)
        stack.push_async_callback(connection.close)
        await workspace.wait_for_bot()
        yield book
