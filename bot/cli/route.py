"""`opsbot route`: the router alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .jsonl import read_field
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
    texts = read_field(jsonl, "text") if jsonl is not None else [text or ""]
    routes = asyncio.run(_routes(texts))
    if jsonl is not None:
        for found, asked in zip(routes, texts, strict=True):
            emit_json(_record(found, asked), compact=True)
    elif as_json:
        emit_json(_record(routes[0], texts[0]))
    else:
        from bot.router.plan import plan_of

        found = routes[0]
        console.print(
            f"{found.intent}  confidence {found.confidence:.2f}  by {found.source}"
            f"  {found.ms:.1f} ms",
            highlight=False,
        )
        for number, step in enumerate(plan_of(texts[0]), start=1):
            console.print(f"  {number}. {step.intent}: {step.text}", highlight=False, markup=False)


def _record(found: Route, text: str) -> dict[str, object]:
    """The JSON form; `plan` is there when the request has several steps."""
    from bot.router.plan import plan_of

    record: dict[str, object] = {
        "intent": found.intent,
        "confidence": found.confidence,
        "source": found.source,
        "ms": found.ms,
    }
    steps = plan_of(text)
    return {**record, "plan": steps} if steps else record


async def _routes(texts: Sequence[str]) -> list[Route]:
    from contextlib import suppress

    from bot.engine import open_engine
    from bot.router.router import UNHURRIED_S, Router
    from bot.settings import SettingsError, load_settings
    from inference.errors import InferenceError

    try:
        settings = load_settings()
    except SettingsError as exc:
        fail(str(exc), WRONG_USE)
    async with open_engine(settings, generator=False) as engine:
        router = Router(engine, encoder_name=settings.inference.encoder, patience_s=UNHURRIED_S)
        # Without the encoder the router still answers, by characters alone.
        with suppress(InferenceError):
            await router.prepare()
        return [await router.route(text) for text in texts]
