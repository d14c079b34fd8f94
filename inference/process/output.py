"""Brings what the engine's process writes into this process's log."""

from __future__ import annotations

import logging

import structlog
from pydantic import TypeAdapter, ValidationError

_RECORD: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])
_MAX_LINE = 16_384
_MAX_WORDS = 400
_OWN_FIELDS = ("event", "level", "timestamp")


class LogForwarder:
    """Cuts output into lines and logs each: structured ones as they were, others as text.

    Args:
        pid: Of the process that writes, for the log.
    """

    def __init__(self, pid: int) -> None:
        self.last_words = ""
        """The last line that was no log record, usually why a process died."""
        self._log = structlog.get_logger(process="engine", engine_pid=pid)
        self._rest = b""

    def feed(self, output: bytes) -> None:
        """Take output as it comes; overlong lines are cut into several."""
        *lines, self._rest = (self._rest + output).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > _MAX_LINE:
            self.close()

    def close(self) -> None:
        """Log what is left of an unfinished line."""
        line, self._rest = self._rest, b""
        self._line(line)

    def _line(self, line: bytes) -> None:
        text = line.decode(errors="replace").strip()
        if not text:
            return
        try:
            record = _RECORD.validate_json(text)
        except ValidationError:
            self.last_words = text[:_MAX_WORDS]
            self._log.warning("engine_output", line=text)
            return
        level = logging.getLevelNamesMapping().get(str(record.get("level", "")).upper())
        fields = {name: value for name, value in record.items() if name not in _OWN_FIELDS}
        self._log.log(level or logging.INFO, str(record.get("event", "engine_output")), **fields)
