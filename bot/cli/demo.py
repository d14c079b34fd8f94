"""`opsbot demo`: a local workspace, the bot, a model and a real incident, on this machine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .context import read_settings
from .models import pull
from .output import console, fail
from .up import stop_signal

if TYPE_CHECKING:
    from ..stage import Stage

app = typer.Typer(help="A small Slack, the bot and a real incident on this machine.")

_Home = Annotated[
    Path | None, typer.Option(help="The demo's data directory; default: demo/ under OPSBOT_HOME.")
]
_Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0: any free one.")]
_Healthy = Annotated[
    float, typer.Option(min=0.0, help="How long the shop works before it fails, in seconds.")
]


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    home: _Home = None,
    port: _Port = 8765,
    healthy_seconds: _Healthy = 8.0,
) -> None:
    """Start everything and print the page's address; Ctrl-C ends it."""
    if context.invoked_subcommand is not None:
        return
    from ..demo.errors import DemoError
    from ..demo.running import demo_home
    from ..http import PortInUseError
    from ..log_setup import set_up_logging
    from ..settings import SettingsError
    from ..slack.web import SlackCallError
    from ..store.errors import StoreError
    from ..workspace.errors import WorkspaceError

    settings = read_settings()
    place = (home or demo_home(settings.home)).absolute()
    _pull_models()
    try:
        place.mkdir(parents=True, exist_ok=True)
        set_up_logging(settings.log_level, file=place / "opsbot.log")
        asyncio.run(_run(place, port, healthy_seconds))
    except OSError as exc:
        fail(f"the data directory {place} cannot be used: {exc.strerror or exc}")
    except (
        DemoError,
        SettingsError,
        SlackCallError,
        StoreError,
        PortInUseError,
        WorkspaceError,
    ) as exc:
        fail(str(exc))


def _pull_models() -> None:
    try:
        pull(name=None, source="auto", as_json=False)
    except typer.Exit:
        console.print("going on without a model: answers are evidence only", style="yellow")


async def _run(home: Path, port: int, healthy_s: float) -> None:
    from ..stage import open_stage

    stopped = stop_signal()
    async with AsyncExitStack() as stack:
        with console.status("starting the workspace, the shop and the bot"):
            stage = await stack.enter_async_context(
                open_stage(home, port=port, healthy_s=healthy_s)
            )
        _say_hello(stage, home, healthy_s)
        await stopped.wait()
        console.print("stopping")


def _say_hello(stage: Stage, home: Path, healthy_s: float) -> None:
    url = stage.workspace.url
    console.print()
    console.print("  [bold]opsbot is up.[/bold] Open this page:", highlight=False)
    console.print(f"  [link={url}]{url}[/link]", style="bold cyan", soft_wrap=True)
    console.print()
    console.print(f"  The shop breaks about {healthy_s:g} s from now. Ask in #incidents:")
    console.print("    @opsbot why is checkout failing?", style="green")
    console.print("  or in another terminal:")
    console.print('    .venv/bin/opsbot ask "why is checkout failing?"', style="green")
    console.print(
        f"  model {stage.settings.model} · log {home / 'opsbot.log'} · Ctrl-C ends everything",
        style="dim",
        highlight=False,
    )
