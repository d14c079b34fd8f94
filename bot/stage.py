"""The whole demo as one object: a local workspace, a failing shop, and the bot between them.

`opsbot demo`, `opsbot bench answer` and the end-to-end tests all stand on this stage.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .app import Core, open_slack_bot
from .demo.running import forget_running, write_running
from .demo.supervisor import Incident
from .settings import Settings, load_settings, prepare_environment
from .workspace import seed
from .workspace.server import Workspace

_EDIT_INTERVAL_S = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running demo."""

    workspace: Workspace
    incident: Incident
    core: Core
    settings: Settings


@asynccontextmanager
async def open_stage(
    home: Path, *, port: int = 0, healthy_s: float = 8.0, **more: object
) -> AsyncGenerator[Stage]:
    """Start everything; end it in reverse order.

    Args:
        home: The demo's data directory.
        port: Of the page; 0 takes any free one.
        healthy_s: How long the shop works before it fails, in seconds.
        more: Further settings, for example `model`.

    Raises:
        DemoError: A process of the shop did not start, or a demo runs in this directory.
        WorkspaceError: The port is taken.
        SettingsError: The settings do not fit together.
    """
    prepare_environment()
    async with AsyncExitStack() as stack:
        workspace = Workspace(state_path=home / "workspace.json")
        await workspace.start(port)
        stack.push_async_callback(workspace.stop)
        incident = Incident(home, healthy_s=healthy_s)
        await incident.start()
        stack.push_async_callback(incident.stop)
        overrides = _overrides(home, incident)
        settings = load_settings(**overrides, slack=_slack(workspace), **more)
        core = await stack.enter_async_context(open_slack_bot(settings))
        write_running(home, overrides)
        stack.callback(forget_running, home)
        yield Stage(workspace=workspace, incident=incident, core=core, settings=settings)


def _overrides(home: Path, incident: Incident) -> Mapping[str, Any]:
    content = Path(__file__).parent / "demo"
    return {
        "home": str(home),
        "port": 0,
        "logs": {"sources": incident.log_sources},
        "knowledge": {"folders": [str(content / "knowledge")]},
        "runbooks": {
            "folders": [str(content / "runbooks")],
            "approvers": list(seed.APPROVERS),
            "environment": "demo",
            "variables": incident.variables,
        },
    }


def _slack(workspace: Workspace) -> Mapping[str, Any]:
    return {
        "bot_token": workspace.bot_token,
        "app_token": workspace.app_token,
        "api_url": workspace.api_url,
        "edit_interval_s": _EDIT_INTERVAL_S,
        "thread_follow_ups": True,
    }
