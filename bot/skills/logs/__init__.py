"""From any amount of log to the few lines that matter, then a model explains what was found."""

from .skill import LogsSkill

__all__ = ["LogsSkill"]
