"""structlog as the whole application uses it: JSON unless somebody watches, secrets never."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import structlog
from structlog.typing import Processor

_QUIET = (
    "slack_bolt",
    "slack_sdk",
    "apscheduler",
    "httpx",
    "chromadb",
    "aiohttp.access",
    "alembic",
)


class LogLevelError(ValueError):
    """`log_level` names no level."""

    def __init__(self, level: str) -> None:
        super().__init__(f"log_level must be DEBUG, INFO, WARNING or ERROR, not {level!r}")


def set_up_logging(level: str, *, file: Path | None = None) -> None:
    """Configure logging once, at start.

    Args:
        file: Append JSON lines to this file; default: standard error, readable when it is a
            terminal and JSON otherwise.

    Raises:
        LogLevelError: There is no such level.
        OSError: The file cannot be written.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise LogLevelError(level)
    stream = sys.stderr if file is None else file.open("a", encoding="utf-8", buffering=1)
    watched = file is None and stream.isatty()
    structlog.configure(
        processors=_processors(watched=watched),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=stream)
    for name in _QUIET:
        # NOTE: at DEBUG these libraries log whole request bodies, messages and tokens included.
        logging.getLogger(name).setLevel(logging.WARNING)


def _processors(*, watched: bool) -> list[Processor]:
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if watched else "iso", utc=not watched),
    ]
    if watched:
        return [*first, structlog.dev.ConsoleRenderer()]
    return [
        *first,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
