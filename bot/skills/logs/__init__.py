"""From any amount of log to the few lines that matter, then a model explains what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .skill import LogsSkill

__all__ = ["LogsSkill"]


def __getattr__(name: str) -> object:
    # NOTE: processes that only count lines start four times as fast without the skill's imports.
    if name != "LogsSkill":
        raise AttributeError(name)
    from .skill import LogsSkill

    return LogsSkill
