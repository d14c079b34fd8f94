"""Lets a terminal find the demo that runs beside it: one small file, valid while its process is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil


def demo_home(home: Path) -> Path:
    """The demo's own data directory, apart from the real one."""
    return home / "demo"


def write_running(home: Path, overrides: Mapping[str, Any]) -> None:
    """Note the settings of the running demo.

    Args:
        home: The demo's data directory.
        overrides: Settings as JSON values, without tokens.
    """
    me = psutil.Process()
    record = {"pid": me.pid, "started": me.create_time(), "settings": overrides}
    temporary = _file(home).with_suffix(".tmp")
    temporary.write_text(json.dumps(record), encoding="utf-8")
    temporary.replace(_file(home))


def forget_running(home: Path) -> None:
    """Remove the note."""
    _file(home).unlink(missing_ok=True)


def read_running(home: Path) -> Mapping[str, Any] | None:
    """The settings of a demo that runs now, or None.

    Args:
        home: The demo's data directory.
    """
    try:
        record = json.loads(_file(home).read_text(encoding="utf-8"))
        process = psutil.Process(int(record["pid"]))
        if abs(process.create_time() - float(record["started"])) > 1:
            return None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    settings: Mapping[str, Any] = record["settings"]
    return settings


def _file(home: Path) -> Path:
    return home / "running.json"
