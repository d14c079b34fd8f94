"""`opsbot route`: the router alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from bot.router import Route


def route(
    text: Annotated[str | None, typer.Argument(help="What somebody asks.")] = None,
    jsonl: Annotated[
        Path | None, typer.Option(help="One JSON object a line, with the field 'text'.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say which skill would answer, how sure that is, and what decided."""
    if (text is None) == (jsonl is None):
        fail("give either a TEXT or --jsonl FILE", WRONG_USE)
    texts = read_texts(jsonl) if jsonl is not None else [text or ""]
    routes = asyncio.run(_routes(texts))
    if jsonl is not None:
        for found in routes:
            emit_json(found, compact=True)
    elif as_json:
        emit_json(routes[0])
    else:
        found = routes[0]
        console.print(
            f"{found.intent}  confidence {found.confidence:.2f}  by {found.source}"
            f"  {found.ms:.1f} ms",
            highlight=False,
        )


def read_texts(path: Path) -> list[str]:
    """The field `text` of every line; ends the command with one sentence at the first fault."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        fail(f"{path} cannot be read: {exc}", WRONG_USE)
    return [
        _text_of(line, f"{path}:{number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _text_of(line: str, place: str) -> str:
    try:
        record: object = json.loads(line)
    except ValueError:
        record = None
    value = cast("dict[str, object]", record).get("text") if isinstance(record, dict) else None
    if not isinstance(value, str):
        fail(f"{place}: expected a JSON object with the text field 'text'", WRONG_USE)
    return value


async def _routes(texts: Sequence[str]) -> list[Route]:
    from contextlib import suppress

    from bot.engine import open_engine
    from bot.router import Router
    from bot.settings import SettingsError, load_settings
    from inference.errors import InferenceError

    try:
        settings = load_settings()
    except SettingsError as exc:
        fail(str(exc), WRONG_USE)
    async with open_engine(settings, generator=False) as engine:
        router = Router(
            engine, encoder_name=settings.inference.encoder, folder=settings.home / "router"
        )
        # Without the encoder the router still answers, by characters alone.
        with suppress(InferenceError):
            await router.prepare()
        return [await router.route(text) for text in texts]
