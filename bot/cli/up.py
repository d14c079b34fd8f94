"""`opsbot up`: the bot against real Slack, or whatever SLACK_API_URL names."""

from __future__ import annotations

import asyncio
import signal

from ..settings import Settings
from .context import read_settings
from .output import WRONG_USE, console, fail


def up() -> None:
    """Run the bot until it is interrupted."""
    from ..http import PortInUseError
    from ..log_setup import set_up_logging
    from ..settings import SettingsError
    from ..slack.app import SlackSettingsError
    from ..slack.web import SlackCallError
    from ..store.errors import StoreError

    settings = read_settings()
    set_up_logging(settings.log_level)
    try:
        asyncio.run(_serve(settings))
    except (SettingsError, SlackSettingsError) as exc:
        fail(str(exc), WRONG_USE)
    except (SlackCallError, StoreError, PortInUseError) as exc:
        fail(str(exc))


async def _serve(settings: Settings) -> None:
    from ..app import open_slack_bot

    stopped = stop_signal()
    async with open_slack_bot(settings):
        console.print("opsbot is up; Ctrl-C ends it")
        await stopped.wait()


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped
