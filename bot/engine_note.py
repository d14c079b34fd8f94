"""Lets a terminal find the engine of the bot that runs beside it: one small file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import TypeAdapter

from .settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNote:
    """An engine that serves.

    Attributes:
        socket: Where.
        model_name: What its generating model calls itself.
        wanted: The settings that decide which models it has.
        pid: Of the bot that keeps it.
        started: When that process was started, in seconds since 1970.
    """

    socket: str
    model_name: str
    wanted: tuple[str, ...]
    pid: int
    started: float


_NOTE: TypeAdapter[EngineNote] = TypeAdapter(EngineNote)


def write_note(settings: Settings, *, socket: Path, model_name: str) -> None:
    """Note that this process keeps an engine."""
    me = psutil.Process()
    note = EngineNote(
        socket=str(socket),
        model_name=model_name,
        wanted=_wanted(settings),
        pid=me.pid,
        started=me.create_time(),
    )
    settings.home.mkdir(parents=True, exist_ok=True)
    temporary = _file(settings).with_suffix(".tmp")
    temporary.write_bytes(_NOTE.dump_json(note))
    temporary.replace(_file(settings))


def forget_note(settings: Settings) -> None:
    """Remove the note, if it is this process's."""
    note = _read(settings)
    if note is not None and note.pid == psutil.Process().pid:
        _file(settings).unlink(missing_ok=True)


def find_note(settings: Settings) -> EngineNote | None:
    """The engine of a running bot that has the models these settings want; None: there is none."""
    note = _read(settings)
    if note is None or note.wanted != _wanted(settings):
        return None
    return note if _is_alive(note) else None


def forget_dead_note(settings: Settings) -> Path | None:
    """Remove the note of a bot that was killed; the socket that it left behind, if it did."""
    note = _read(settings)
    if note is None or _is_alive(note):
        return None
    _file(settings).unlink(missing_ok=True)
    return Path(note.socket)


def _is_alive(note: EngineNote) -> bool:
    try:
        return abs(psutil.Process(note.pid).create_time() - note.started) <= 1
    except psutil.Error:
        return False


def _read(settings: Settings) -> EngineNote | None:
    try:
        return _NOTE.validate_json(_file(settings).read_bytes())
    except (OSError, ValueError):
        return None


def _wanted(settings: Settings) -> tuple[str, ...]:
    return (settings.model, settings.inference.encoder, str(settings.models_dir))


def _file(settings: Settings) -> Path:
    return settings.home / "engine.json"
