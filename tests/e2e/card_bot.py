"""The bot with the runbook skill alone, on the local workspace."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.desk import Desk
from bot.messages import Intent
from bot.settings import Settings
from bot.skills.runbook.skill import RunbookSkill
from bot.workspace.server import Workspace
from runbooks.catalog import Catalog

from .skill_bot import skill_bot_on


@asynccontextmanager
async def bot_on(workspace: Workspace, settings: Settings) -> AsyncGenerator[Desk]:
    """The bot with the runbook skill alone; no model is needed for what is tested here."""
    catalog = Catalog.load(settings.runbooks.folders)
    skill_bot = skill_bot_on(
        workspace,
        settings,
        Intent.RUNBOOK,
        lambda services, _: RunbookSkill(catalog, services.approvals),
    )
    async with skill_bot as bot:
        yield bot.desk
