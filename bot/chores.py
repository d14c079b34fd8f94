"""What the bot does beside answering, for as long as it runs; one that fails is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine as Database

from inference import InferenceError

from .knowledge_wiring import configured_sources
from .reminders import Reminders
from .resync import Resync
from .store.events import SeenEvents
from .store.knowledge_answers import KnowledgeAnswers
from .store.log_answers import LogAnswers
from .warming import skill_prefixes, warm

if TYPE_CHECKING:
    from .app import Core

_REMEMBER_EVENTS = timedelta(days=2)
_REMEMBER_LOG_ANSWERS = timedelta(days=60)
_REMEMBER_KNOWLEDGE_ANSWERS = timedelta(days=365)
_EXPIRY_CHECK_S = 15.0
_RECOVERY_CHECK_S = 30.0


def start_chores(
    core: Core, database: Database, reminders: Reminders | None, *, keep_time: bool
) -> list[asyncio.Task[None]]:
    """Start them; a terminal command, which does not keep time, has none."""
    if not keep_time:
        return []
    return [
        asyncio.create_task(_keep_knowledge_fresh(core)),
        asyncio.create_task(_watch_proposals(core, reminders)),
        asyncio.create_task(_recover_runs(core)),
        asyncio.create_task(_forget_events(database)),
        asyncio.create_task(_prepare_model(core)),
    ]


async def _prepare_model(core: Core) -> None:
    try:
        await core.router.prepare()
    except InferenceError as exc:
        structlog.get_logger().warning("router_without_encoder", reason=str(exc))
    await warm(core.engine, skill_prefixes())


async def _keep_knowledge_fresh(core: Core) -> None:
    sources = configured_sources(core.settings)
    await Resync(core.knowledge, core.engine, sources).run()


async def _watch_proposals(core: Core, reminders: Reminders | None) -> None:
    """Expire, remind, mend cards; notice a changed policy file also when nobody clicks."""
    log = structlog.get_logger()
    works: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: _expire_proposals(core),
        core.services.policy.in_force,
        core.desk.catch_up,
        *((reminders.send_due,) if reminders is not None else ()),
    )
    while True:
        await asyncio.sleep(_EXPIRY_CHECK_S)
        for work in works:
            try:
                await work()
            except Exception:  # what expired cannot run in any case; the rest is tried again
                log.exception("proposals_not_watched")


async def _expire_proposals(core: Core) -> None:
    for proposal_id in await core.services.approvals.expire_due():
        await core.desk.show(proposal_id)


async def _recover_runs(core: Core) -> None:
    """Take over from processes that end while this one runs."""
    log = structlog.get_logger()
    while True:
        await asyncio.sleep(_RECOVERY_CHECK_S)
        try:
            await core.desk.recover()
        except Exception:  # nothing is lost: what is stored stays, and the next round looks again
            log.exception("recovery_failed")


async def _forget_events(database: Database) -> None:
    now = datetime.now(UTC)
    await asyncio.to_thread(SeenEvents(database).prune, now - _REMEMBER_EVENTS)
    await asyncio.to_thread(LogAnswers(database).prune, now - _REMEMBER_LOG_ANSWERS)
    old = now - _REMEMBER_KNOWLEDGE_ANSWERS
    await asyncio.to_thread(KnowledgeAnswers(database).prune, old)
