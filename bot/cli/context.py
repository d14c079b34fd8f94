"""What every command begins with: settings, or one sentence about what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import WRONG_USE, error_console, fail

if TYPE_CHECKING:
    from ..settings import Settings


def read_settings(**overrides: object) -> Settings:
    """Read the settings, or end the command."""
    from ..settings import SettingsError, load_settings

    try:
        return load_settings(**overrides)
    except SettingsError as exc:
        fail(str(exc), WRONG_USE)


def terminal_settings() -> Settings:
    """The settings of a terminal command: the operator's, else those of the running demo.

    Nothing configured and a demo running means that the demo is what somebody asks about.
    """
    from ..demo.running import demo_home, read_running

    settings = read_settings()
    if settings.logs.sources or settings.knowledge.folders or settings.knowledge.sources:
        return settings
    running = read_running(demo_home(settings.home))
    if running is None:
        return settings
    error_console.print("using the running demo", style="dim")
    return read_settings(**dict(running))
