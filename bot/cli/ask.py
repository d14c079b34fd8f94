"""`opsbot ask`: one request through the same dispatcher as in Slack, answered in the terminal."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .context import terminal_settings
from .local_user import local_user
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from ..messages import Attachment, Reply, Request
    from ..runs import CaseView
    from ..settings import Settings

MAX_FILE_BYTES = 200 * 1024 * 1024


def ask(
    text: Annotated[str, typer.Argument(help="What you would say to @opsbot.")],
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="A text file that belongs to it.")
    ] = None,
    thread: Annotated[
        str, typer.Option(help="Name of a conversation; follow-ups with the same name continue it.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Ask one thing: evidence at once, then the explanation."""
    from ..log_setup import set_up_logging
    from ..store.errors import StoreError

    if not text.strip() and not file:
        fail("say what you want to know", WRONG_USE)
    settings = terminal_settings()
    set_up_logging("ERROR")
    attachments = tuple(_read(path) for path in file or [])
    try:
        request = request_of(text, thread, attachments, settings)
        asyncio.run(answer(settings, request, as_json=as_json))
    except StoreError as exc:
        fail(str(exc))


async def answer(settings: Settings, request: Request, *, as_json: bool) -> None:
    """Answer one request in the terminal."""
    from runbooks.directory import LOCAL_TEAM, LocalDirectory

    from ..app import Surroundings, open_core
    from ..store.digests import Digest
    from .proposal_card import print_case
    from .render import TerminalBoard, TerminalOutlet

    outlet, board = TerminalOutlet(console, live=not as_json), TerminalBoard()

    async def print_digest(_digest: Digest, reply: Reply) -> None:
        await outlet.show(reply)

    around = Surroundings(
        make_board=lambda _database: board,
        directory=LocalDirectory(),
        team_id=LOCAL_TEAM,
        post_digest=print_digest,
    )
    async with open_core(settings, around, keep_time=False) as core:
        outlet.show_case = core.desk.show
        with outlet:
            await core.dispatcher.handle(request, outlet)
        if not as_json:
            for view in board.views:
                print_case(view.case, await core.services.approvals.standing(view.case))
    if as_json:
        emit_json(_record(request, outlet.last, board.views))
    if outlet.failed:
        raise typer.Exit(1)


def request_of(
    text: str, thread: str, attachments: tuple[Attachment, ...], settings: Settings
) -> Request:
    """A request of whoever sits at this terminal."""
    from tzlocal import get_localzone_name

    from runbooks.directory import LOCAL_TEAM

    from ..messages import Actor, Request, ThreadRef

    user = local_user().user_id
    request_id = uuid.uuid4().hex[:12]
    return Request(
        request_id=f"cli-{request_id}",
        text=text.strip().removeprefix("@opsbot").strip(),
        actor=Actor(
            user_id=user,
            team_id=LOCAL_TEAM,
            name=user,
            timezone=settings.timezone or get_localzone_name(),
        ),
        thread=ThreadRef("", thread or request_id),
        received_at=datetime.now(UTC),
        attachments=attachments,
    )


def _read(path: Path) -> Attachment:
    from ..messages import Attachment

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES // 2**20
            fail(f"{path} is larger than {limit} MiB; give the part that matters", WRONG_USE)
        content = path.read_bytes()
    except OSError as exc:
        fail(f"{path} cannot be read: {exc.strerror or exc}", WRONG_USE)
    if b"\x00" in content[:8192]:
        fail(f"{path} is not a text file", WRONG_USE)
    return Attachment(name=path.name, text=content.decode("utf-8", errors="replace"))


def _record(request: Request, reply: Reply | None, cases: list[CaseView]) -> dict[str, Any]:
    from dataclasses import asdict

    from ..commands_text import plan_commands

    parts = [
        {"kind": type(part).__name__.lower(), **asdict(part)}
        for part in (reply.parts if reply is not None else ())
    ]
    proposals = [
        {
            "proposal_id": view.case.proposal.proposal_id,
            "sha256": view.case.proposal.sha256,
            "runbook": view.case.proposal.plan.runbook.name,
            "risk": view.case.proposal.plan.risk.value,
            "commands": plan_commands(view.case.proposal.plan),
            "state": view.state.value,
        }
        for view in cases
    ]
    return {
        "request_id": request.request_id,
        "summary": reply.summary if reply is not None else "",
        "phase": reply.phase.value if reply is not None else "failed",
        "parts": parts,
        "facts": dict(reply.facts) if reply is not None else {},
        "proposals": proposals,
    }
