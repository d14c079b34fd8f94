"""Digests by the clock: APScheduler keeps the time, its SQLAlchemy job store keeps the jobs.

A stored job holds nothing but the digest's id, so that it survives any change of the code. What a
due job does is decided by the executor of the process that runs it.
"""
# apscheduler ships no types; what comes from it is narrowed in this file.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportMissingTypeStubs=false
# pyright: reportUntypedBaseClass=false

from __future__ import annotations

import asyncio
import functools
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Engine

from .store.digests import Digest, Digests

_LATE_BY_AT_MOST = timedelta(hours=1)
_WAKE_EVERY_S = 20.0

Run = Callable[[str], Awaitable[None]]


class UnknownDigestError(Exception):
    """There is no digest with this number."""

    def __init__(self, digest_id: str) -> None:
        super().__init__(f"there is no digest {digest_id}; list them with `list digests`")
        self.digest_id = digest_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A digest with its next run.

    Attributes:
        next_run_at: In the digest's own zone; None while it is paused.
    """

    digest: Digest
    next_run_at: datetime | None


def digest_due(digest_id: str) -> None:
    """Name the job in the store; a due job is run by `DigestExecutor`, never by this function."""
    raise RuntimeError(f"digest {digest_id} was run outside of the bot")


class DigestExecutor(BaseExecutor):
    """Runs due digests with a coroutine function of this process."""

    def __init__(self, run: Run) -> None:
        """Run digests with `run(digest_id)`."""
        super().__init__()
        self._run = run
        self._tasks: set[asyncio.Task[None]] = set()

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        due_at = run_times[-1]
        if datetime.now(UTC) - due_at > _LATE_BY_AT_MOST:
            structlog.get_logger().warning("digest_missed", digest_id=job.args[0])
            self._run_job_success(job.id, [])
            return
        task: asyncio.Task[None] = asyncio.ensure_future(self._run_digest(str(job.args[0])))
        self._tasks.add(task)
        task.add_done_callback(functools.partial(self._finished, job, due_at))

    async def _run_digest(self, digest_id: str) -> None:
        await self._run(digest_id)

    def _finished(self, job: Job, due_at: datetime, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            structlog.get_logger().error("digest_failed", digest_id=job.args[0], exc_info=error)
            self._run_job_error(job.id, error, traceback.format_tb(error.__traceback__))
            return
        event = JobExecutionEvent(EVENT_JOB_EXECUTED, job.id, "default", due_at)
        self._run_job_success(job.id, [event])


class Schedules:
    """Adds, lists, pauses, removes and runs digests. All methods are for one event loop."""

    def __init__(self, *, digests: Digests, engine: Engine, run: Run) -> None:
        """Keep schedules in the database of `engine`.

        Args:
            run: Posts the digest of this id.
        """
        self._digests = digests
        self._run = run
        self._adding = asyncio.Lock()
        self._waker: asyncio.Task[None] | None = None
        self._scheduler: Any = AsyncIOScheduler(
            jobstores={"default": SQLAlchemyJobStore(engine=engine)},
            executors={"default": DigestExecutor(run)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=UTC,
        )

    def start(self, *, paused: bool = False) -> None:
        """Begin keeping time; `paused` only opens the store, for a terminal command."""
        self._scheduler.start(paused=paused)
        if not paused:
            self._waker = asyncio.create_task(self._wake())

    def stop(self) -> None:
        """Stop keeping time; what is stored stays."""
        if self._waker is not None:
            self._waker.cancel()
        self._scheduler.shutdown(wait=False)

    async def add(
        self, *, channel_id: str, service: str, cron: str, words: str, timezone: str, user_id: str
    ) -> Scheduled:
        """Store a digest and plan it.

        Raises:
            ValueError: `cron` or `timezone` cannot be read.
            StoreError: The database failed.
        """
        trigger = _trigger(cron, timezone)
        async with self._adding:
            known = await asyncio.to_thread(self._digests.all)
            number = 1 + max((int(found.digest_id) for found in known), default=0)
            digest = Digest(
                digest_id=str(number),
                channel_id=channel_id,
                service=service,
                cron=cron,
                timezone=timezone,
                words=words,
                created_by=user_id,
                created_at=datetime.now(UTC),
            )
            await asyncio.to_thread(self._digests.save, digest)
            job = self._scheduler.add_job(
                digest_due, trigger, args=[digest.digest_id], id=digest.digest_id
            )
        return Scheduled(digest=digest, next_run_at=job.next_run_time)

    async def all(self, channel_id: str | None = None) -> tuple[Scheduled, ...]:
        """Every digest, or those of one channel, by number."""
        found = await asyncio.to_thread(self._digests.all, channel_id)
        ordered = sorted(found, key=lambda digest: int(digest.digest_id))
        return tuple(Scheduled(digest=digest, next_run_at=self._next(digest)) for digest in ordered)

    async def get(self, digest_id: str) -> Digest:
        """One digest.

        Raises:
            UnknownDigestError: There is none.
        """
        digest = await asyncio.to_thread(self._digests.get, digest_id)
        if digest is None:
            raise UnknownDigestError(digest_id)
        return digest

    async def remove(self, digest_id: str) -> Digest:
        """Forget a digest.

        Raises:
            UnknownDigestError: There is none.
        """
        digest = await self.get(digest_id)
        await asyncio.to_thread(self._digests.remove, digest_id)
        try:
            self._scheduler.remove_job(digest_id)
        except JobLookupError:
            structlog.get_logger().warning("digest_had_no_job", digest_id=digest_id)
        return digest

    async def pause(self, digest_id: str) -> Digest:
        """Keep a digest without running it.

        Raises:
            UnknownDigestError: There is none.
        """
        digest = await self.get(digest_id)
        self._scheduler.pause_job(digest_id)
        return digest

    async def resume(self, digest_id: str) -> Scheduled:
        """Run a paused digest again.

        Raises:
            UnknownDigestError: There is none.
        """
        digest = await self.get(digest_id)
        self._scheduler.resume_job(digest_id)
        return Scheduled(digest=digest, next_run_at=self._next(digest))

    async def run_now(self, digest_id: str) -> Digest:
        """Post a digest at once; its schedule is unchanged.

        Raises:
            UnknownDigestError: There is none.
        """
        digest = await self.get(digest_id)
        await self._run(digest_id)
        return digest

    def _next(self, digest: Digest) -> datetime | None:
        job = self._scheduler.get_job(digest.digest_id)
        if job is None or job.next_run_time is None:
            return None
        next_run_at: datetime = job.next_run_time
        return next_run_at.astimezone(ZoneInfo(digest.timezone))

    async def _wake(self) -> None:
        """Notice jobs that a terminal command added to the same database."""
        while True:
            await asyncio.sleep(_WAKE_EVERY_S)
            self._scheduler.wakeup()


def _trigger(cron: str, timezone: str) -> CronTrigger:
    minute, hour, day, month, weekday = cron.split()
    return CronTrigger(
        minute=minute,
        hour=hour,
        day=day,
        month=month,
        day_of_week=weekday,
        timezone=ZoneInfo(timezone),
    )
