"""Digests survive a restart, run when due, and are run by the process that is alive."""
# apscheduler ships no types.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from bot.schedules import DigestExecutor, Scheduled, Schedules, UnknownDigestError
from bot.store.digests import Digests
from bot.store.engine import open_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield engine
    engine.dispose()


class Posted:
    """Counts digests and tells when one comes."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.came = asyncio.Event()

    async def run(self, digest_id: str) -> None:
        self.ids.append(digest_id)
        self.came.set()


def schedules_on(database: Engine, posted: Posted) -> Schedules:
    return Schedules(digests=Digests(database), engine=database, run=posted.run)


async def add(schedules: Schedules, cron: str = "0 9 * * mon-fri") -> Scheduled:
    return await schedules.add(
        channel_id="C1",
        service="checkout",
        cron=cron,
        words="every weekday at 09:00",
        timezone="America/Los_Angeles",
        user_id="U1",
    )


async def test_a_digest_is_planned_in_its_own_zone_and_survives_a_restart(
    database: Engine,
) -> None:
    first = schedules_on(database, Posted())
    first.start()
    planned = await add(first)
    first.stop()
    assert planned.next_run_at is not None
    local = planned.next_run_at.astimezone(ZoneInfo("America/Los_Angeles"))
    assert (local.hour, local.minute) == (9, 0)
    assert local.weekday() < 5

    second = schedules_on(database, Posted())
    second.start()
    (found,) = await second.all("C1")
    second.stop()
    assert found.digest == planned.digest
    assert found.next_run_at == planned.next_run_at


async def test_run_now_posts_at_once_and_leaves_the_plan(database: Engine) -> None:
    posted = Posted()
    schedules = schedules_on(database, posted)
    schedules.start()
    planned = await add(schedules)
    await schedules.run_now(planned.digest.digest_id)
    (found,) = await schedules.all()
    schedules.stop()
    assert posted.ids == [planned.digest.digest_id]
    assert found.next_run_at == planned.next_run_at


async def test_a_due_job_is_run_by_the_living_process(database: Engine) -> None:
    from apscheduler.job import Job
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.date import DateTrigger

    posted = Posted()
    scheduler = AsyncIOScheduler(timezone=UTC)
    executor = DigestExecutor(posted.run)
    scheduler.add_executor(executor, "digests")
    scheduler.start(paused=True)
    job = Job(
        scheduler,
        id="7",
        func="bot.schedules:digest_due",
        args=("7",),
        kwargs={},
        name="7",
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
        trigger=DateTrigger(datetime.now(UTC)),
        executor="digests",
        next_run_time=datetime.now(UTC),
    )
    executor.submit_job(job, [datetime.now(UTC)])
    await asyncio.wait_for(posted.came.wait(), 5)
    executor.submit_job(job, [datetime.now(UTC) - timedelta(hours=3)])
    await asyncio.sleep(0)
    scheduler.shutdown(wait=False)
    assert posted.ids == ["7"]


async def test_paused_digests_wait_and_removed_ones_are_unknown(database: Engine) -> None:
    schedules = schedules_on(database, Posted())
    schedules.start()
    number = (await add(schedules)).digest.digest_id
    await schedules.pause(number)
    (paused,) = await schedules.all()
    assert paused.next_run_at is None
    assert (await schedules.resume(number)).next_run_at is not None
    await schedules.remove(number)
    with pytest.raises(UnknownDigestError):
        await schedules.run_now(number)
    schedules.stop()


async def test_numbers_are_not_given_twice_to_concurrent_requests(database: Engine) -> None:
    schedules = schedules_on(database, Posted())
    schedules.start()
    added = await asyncio.gather(*(add(schedules) for _ in range(5)))
    schedules.stop()
    assert len({scheduled.digest.digest_id for scheduled in added}) == 5
