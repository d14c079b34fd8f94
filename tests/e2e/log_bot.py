"""The bot with the log skill alone, on a local workspace, with a made-up model and real files."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.messages import Intent
from bot.settings import Settings
from bot.skills.logs import LogsSkill
from bot.skills.logs.book import LogBook
from bot.workspace.server import Workspace
from inference.request import Ended, Event, GenerateRequest, Outcome, TextDelta

from .skill_bot import settings_on, skill_bot_on

N_SECONDS = 300
BAD_FROM = 200


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


def settings_for(
    workspace: Workspace, home: Path, *, window_s: int = 200, **more: Path
) -> Settings:
    files = {"shop": home / "shop.log"} | more
    logs = {"sources": {name: [str(path)] for name, path in files.items()}, "window_s": window_s}
    return settings_on(workspace, home, logs=logs)


@asynccontextmanager
async def log_bot_on(workspace: Workspace, settings: Settings) -> AsyncGenerator[LogBook]:
    """The running bot; gives its log book."""
    skill_bot = skill_bot_on(
        workspace,
        settings,
        Intent.LOGS,
        lambda _, book: LogsSkill(settings.logs, Speaker(), model_name="tiny", zone=UTC, book=book),
    )
    async with skill_bot as bot:
        yield bot.book
