"""`opsbot engine-child`: the engine's own process. The bot starts it; people do not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .output import WRONG_USE, fail


def engine_child(
    socket: Annotated[Path, typer.Option(help="The Unix socket to serve on.")],
) -> None:
    """Serve an engine until standard input closes; its first line is the settings as JSON."""
    import asyncio

    from inference import InferenceError
    from inference.process.lifeline import die_with_parent

    from ..local_engine import serve_as_child
    from ..log_setup import set_up_logging
    from ..settings import SettingsError, prepare_environment, settings_for_engine

    die_with_parent()
    prepare_environment()
    try:
        settings = settings_for_engine(sys.stdin.buffer.readline())
        set_up_logging(settings.log_level)
        asyncio.run(serve_as_child(settings, socket, sys.stdin.buffer))
    except SettingsError as exc:
        fail(str(exc), WRONG_USE)
    except InferenceError as exc:
        fail(str(exc))
