"""Tunings on disk: one JSON file per model and machine, read back only where they hold."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from .fingerprint import Fingerprint
from .tuning import Tuning

_TUNING = TypeAdapter(Tuning)


def tuning_path(folder: Path, model_hash: str, fingerprint: Fingerprint) -> Path:
    """Where the tuning of a model on a machine is kept."""
    return folder / f"{model_hash[:16]}-{fingerprint.digest}.json"


def save_tuning(folder: Path, tuning: Tuning) -> Path:
    """Write a tuning, replacing an earlier one at once or not at all.

    Raises:
        OSError: It cannot be written.
    """
    path = tuning_path(folder, tuning.model_hash, tuning.fingerprint)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, _TUNING.dump_json(tuning, indent=1))
    return path


def load_tuning(folder: Path, model_hash: str, fingerprint: Fingerprint) -> Tuning | None:
    """The tuning of a model on this machine; None when there is none, or none that can be used."""
    path = tuning_path(folder, model_hash, fingerprint)
    try:
        tuning = _TUNING.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as exc:
        structlog.get_logger().warning("tuning_ignored", path=str(path), reason=_first_line(exc))
        return None
    if tuning.model_hash != model_hash or tuning.fingerprint != fingerprint:
        structlog.get_logger().warning("tuning_ignored", path=str(path), reason="another machine's")
        return None
    return tuning


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old or the new content, even after a power cut.

    Raises:
        OSError: It cannot be written; nothing is left behind then.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
