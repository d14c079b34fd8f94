"""`opsbot schedule`: the digests that the clock posts, from a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from .context import terminal_settings
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from ..app import Core
    from ..schedules import Scheduled, Schedules

app = typer.Typer(no_args_is_help=True, help="Digests that are posted by the clock.")

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Number = Annotated[str, typer.Argument(help="The digest's number.")]
T = TypeVar("T")


@app.command("list")
def list_digests(as_json: _Json = False) -> None:
    """Show every digest with its next run."""

    async def work(schedules: Schedules) -> tuple[Scheduled, ...]:
        return await schedules.all()

    found = _run(work)
    if as_json:
        emit_json([_record(scheduled) for scheduled in found])
        return
    if not found:
        console.print("no digests are scheduled; ask for one in Slack, or use `schedule add`")
        return
    table = Table("number", "service", "when", "time zone", "channel", "next run", box=None)
    for scheduled in found:
        digest = scheduled.digest
        at = scheduled.next_run_at
        table.add_row(
            digest.digest_id,
            digest.service,
            digest.words,
            digest.timezone,
            digest.channel_id or "terminal",
            f"{at:%Y-%m-%d %H:%M}" if at is not None else "paused",
        )
    console.print(table)


@app.command()
def add(
    words: Annotated[str, typer.Argument(help='For example "every weekday at 9".')],
    service: Annotated[str, typer.Option(help="A configured log source.")] = "all services",
    channel: Annotated[str, typer.Option(help="Slack channel id.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA name; default: this machine's.")] = "",
    as_json: _Json = False,
) -> None:
    """Schedule a digest; a running bot notices it within half a minute."""
    from tzlocal import get_localzone_name

    from ..skills.schedule.parse import is_zone, parse_recurrence, parse_zone

    recurrence = parse_recurrence(words)
    if recurrence is None:
        fail(f"{words!r} does not say when: try 'every weekday at 9'", WRONG_USE)
    if timezone and not is_zone(timezone):
        fail(f"{timezone!r} is no IANA time zone; try Europe/Berlin", WRONG_USE)
    settings = terminal_settings()
    if not channel:
        fail("say where to post it: --channel C0123456789", WRONG_USE)
    zone = timezone or parse_zone(words, settings.timezone or get_localzone_name())
    cron, said = recurrence.cron, recurrence.words

    async def work(schedules: Schedules) -> Scheduled:
        return await schedules.add(
            channel_id=channel,
            service=service,
            cron=cron,
            words=said,
            timezone=zone,
            user_id="local",
        )

    scheduled = _run(work)
    if as_json:
        emit_json(_record(scheduled))
    else:
        console.print(
            f"digest {scheduled.digest.digest_id}: {service}, {said} ({zone}), "
            f"first on {scheduled.next_run_at}"
        )


@app.command()
def pause(number: _Number, as_json: _Json = False) -> None:
    """Keep a digest without posting it."""
    _change(number, "paused", lambda schedules: schedules.pause(number), as_json=as_json)


@app.command()
def resume(number: _Number, as_json: _Json = False) -> None:
    """Post a paused digest again."""
    _change(number, "resumed", lambda schedules: schedules.resume(number), as_json=as_json)


@app.command()
def remove(number: _Number, as_json: _Json = False) -> None:
    """Forget a digest."""
    _change(number, "removed", lambda schedules: schedules.remove(number), as_json=as_json)


@app.command("run-now")
def run_now(number: _Number, as_json: _Json = False) -> None:
    """Make a digest from the logs now and print it here; its schedule is unchanged."""
    from ..messages import Reply
    from ..schedules import UnknownDigestError
    from ..store.digests import Digest
    from .render import render

    async def show(digest: Digest, reply: Reply) -> None:
        if as_json:
            emit_json({"digest_id": digest.digest_id, "summary": reply.summary})
        else:
            console.print(render(reply))

    async def run() -> None:
        async with _core(show) as core:
            await core.schedules.run_now(number)

    try:
        asyncio.run(run())
    except UnknownDigestError as exc:
        fail(str(exc))


def _change(
    number: str, done: str, work: Callable[[Schedules], Awaitable[object]], *, as_json: bool
) -> None:
    _run(work)
    if as_json:
        emit_json({"digest_id": number, "done": done})
    else:
        console.print(f"digest {number} is {done}")


def _run(work: Callable[[Schedules], Awaitable[T]]) -> T:
    """Do something with the stored schedules, without running any."""
    from ..schedules import UnknownDigestError
    from ..store.errors import StoreError

    async def opened() -> T:
        from ..schedules import Schedules
        from ..store.digests import Digests
        from ..store.engine import open_database

        async def never(digest_id: str) -> None:
            raise RuntimeError(f"digest {digest_id} was run by a terminal that only lists")

        engine = open_database(terminal_settings().effective_database_url)
        schedules = Schedules(digests=Digests(engine), engine=engine, run=never)
        schedules.start(paused=True)
        try:
            return await work(schedules)
        finally:
            schedules.stop()
            engine.dispose()

    try:
        return asyncio.run(opened())
    except (UnknownDigestError, StoreError) as exc:
        fail(str(exc))


@asynccontextmanager
async def _core(show: Callable[..., Awaitable[None]]) -> AsyncGenerator[Core]:
    from runbooks.directory import LOCAL_TEAM, LocalDirectory

    from ..app import Surroundings, open_core
    from .render import TerminalBoard

    around = Surroundings(
        make_board=lambda _database: TerminalBoard(),
        directory=LocalDirectory(),
        team_id=LOCAL_TEAM,
        post_digest=show,
    )
    async with open_core(terminal_settings(), around, keep_time=False) as core:
        yield core


def _record(scheduled: Scheduled) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(scheduled.digest), "next_run_at": scheduled.next_run_at}
