"""Schedules in conversation: what was understood is said back, with zone and next run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from ...messages import Choice, Choices, Note, Prose, Reply, Request, SkillEvent, Turn
from ...schedules import Scheduled, Schedules, UnknownDigestError
from .actions import SCHEDULE_ACTION
from .parse import Verb, parse_number, parse_recurrence, parse_verb, parse_zone

ALL_SERVICES = "all services"


class ScheduleSkill:
    """Adds, lists, pauses, removes and runs digests on request."""

    def __init__(self, schedules: Schedules, services: Sequence[str]) -> None:
        """Schedule digests of the configured services."""
        self._schedules = schedules
        self._services = tuple(services)

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Do what was asked and say what was done."""
        verb = parse_verb(request.text)
        if verb is Verb.ADD:
            yield await self._add(request, history)
        elif verb is Verb.LIST:
            yield await self._list(request)
        else:
            yield await self._change(verb, request, history)

    async def _add(self, request: Request, history: tuple[Turn, ...]) -> Reply:
        recurrence = parse_recurrence(request.text)
        if recurrence is None:
            return _say(
                "When should it come? For example: `every weekday at 9`, `every day at 18:30`, "
                "`every Monday at 8`, `every 30 minutes`."
            )
        zone = parse_zone(request.text, request.actor.timezone)
        service = self._service(request.text, history)
        scheduled = await self._schedules.add(
            channel_id=request.thread.channel_id,
            service=service,
            cron=recurrence.cron,
            words=recurrence.words,
            timezone=zone,
            user_id=request.actor.user_id,
        )
        number = scheduled.digest.digest_id
        text = (
            f"I will post a log digest of *{service}* here {recurrence.words}, time zone "
            f"*{zone}*. First on {_moment(scheduled.next_run_at)}. It is digest {number}."
        )
        return _with_buttons(text, number, {"digest": number, "service": service})

    async def _list(self, request: Request) -> Reply:
        here = await self._schedules.all(request.thread.channel_id)
        if not here:
            return _say(
                "No digests are scheduled in this channel. "
                "Ask for one: `post a log digest of checkout here every weekday at 9`."
            )
        lines = [_line(scheduled) for scheduled in here]
        parts = (
            Prose(text="\n".join(lines)),
            Note(text="say `run digest N now`, `remove digest N`"),
        )
        return Reply(parts=parts, summary=f"Digests that are scheduled here: {len(here)}.")

    async def _change(self, verb: Verb, request: Request, history: tuple[Turn, ...]) -> Reply:
        digest_id = await self._which(request, history)
        if digest_id is None:
            return _say("Which digest? Say its number; `list digests` shows them.")
        try:
            return await self._do(verb, digest_id)
        except UnknownDigestError as exc:
            return _say(f"Nothing was changed: {exc}.")

    async def _do(self, verb: Verb, digest_id: str) -> Reply:
        if verb is Verb.REMOVE:
            digest = await self._schedules.remove(digest_id)
            return _say(f"Digest {digest_id} ({digest.service}, {digest.words}) is removed.")
        if verb is Verb.PAUSE:
            digest = await self._schedules.pause(digest_id)
            return _say(f"Digest {digest_id} ({digest.service}, {digest.words}) is paused.")
        if verb is Verb.RESUME:
            scheduled = await self._schedules.resume(digest_id)
            return _say(f"Digest {digest_id} runs again, next on {_moment(scheduled.next_run_at)}.")
        digest = await self._schedules.run_now(digest_id)
        return _say(f"Digest {digest_id} ({digest.service}) was posted to the channel.")

    async def _which(self, request: Request, history: tuple[Turn, ...]) -> str | None:
        number = parse_number(request.text)
        if number is not None:
            return str(number)
        for turn in reversed(history):
            if "digest" in turn.facts:
                return turn.facts["digest"]
        here = await self._schedules.all(request.thread.channel_id)
        return here[0].digest.digest_id if len(here) == 1 else None

    def _service(self, text: str, history: tuple[Turn, ...]) -> str:
        lowered = text.lower()
        for service in self._services:
            if service.lower() in lowered:
                return service
        if "all services" not in lowered:
            for turn in reversed(history):
                if turn.facts.get("service") in self._services:
                    return turn.facts["service"]
        return ALL_SERVICES


def _line(scheduled: Scheduled) -> str:
    digest = scheduled.digest
    when = f"next {_moment(scheduled.next_run_at)}" if scheduled.next_run_at else "paused"
    return f"*{digest.digest_id}*  {digest.service}, {digest.words} ({digest.timezone}), {when}"


def _moment(at: datetime | None) -> str:
    return f"{at:%A %d %B %Y, %H:%M} ({at:%Z})" if at is not None else "no date"


def _say(text: str) -> Reply:
    return Reply(parts=(Prose(text=text),), summary=text)


def _with_buttons(text: str, number: str, facts: dict[str, str]) -> Reply:
    def option(label: str, words: str) -> Choice:
        return Choice(label=label, action=SCHEDULE_ACTION, value=f"{words} digest {number}")

    run = Choice(label="Run now", action=SCHEDULE_ACTION, value=f"run digest {number} now")
    options = (run, option("Pause", "pause"), option("Remove", "remove"))
    return Reply(parts=(Prose(text=text), Choices(options=options)), summary=text, facts=facts)
