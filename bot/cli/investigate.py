"""`opsbot investigate`: looks into a service with read-only tools and says what likely caused what."""

from __future__ import annotations

import asyncio
import difflib
import re
from typing import TYPE_CHECKING, Annotated

import typer

from .ask import answer, request_of
from .context import terminal_settings
from .output import WRONG_USE, fail

if TYPE_CHECKING:
    from ..settings import Settings

_AMOUNT = re.compile(r"\d{1,4}\s*(?:s|m|min|h|d)")
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")


def investigate(
    service: Annotated[str, typer.Argument(help="A service of the settings; 'all' for every one.")],
    since: Annotated[
        str, typer.Option(help="How far back: 90m, 2h, or a time such as 14:30.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look into a service: evidence step by step, then the likely cause and what was ruled out."""
    from ..log_setup import set_up_logging
    from ..store.errors import StoreError

    settings = terminal_settings()
    set_up_logging("ERROR")
    text = f"investigate {_known(service, settings)}{_times(since)}"
    try:
        asyncio.run(answer(settings, request_of(text, "", (), settings), as_json=as_json))
    except StoreError as exc:
        fail(str(exc))


def _known(service: str, settings: Settings) -> str:
    """The service, or nothing for all; ends the command when there is no such service."""
    names = tuple(settings.logs.sources)
    if service == "all" or service in names:
        return "" if service == "all" else service
    near = difflib.get_close_matches(service, names, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    listed = f" (there are: {', '.join(names[:12])})" if names else " (the settings name no logs)"
    fail(f"there is no service {service!r}{listed}{hint}", WRONG_USE)


def _times(since: str) -> str:
    """How the question names the time; ends the command when it is none."""
    since = since.strip()
    if not since:
        return ""
    if _AMOUNT.fullmatch(since):
        return f" in the last {since}"
    if _CLOCK.fullmatch(since):
        return f" since {since}"
    fail(
        f"--since takes an amount such as 90m or 2h, or a time such as 14:30; got {since!r}",
        WRONG_USE,
    )
