"""Files of this machine that say what runs: their content is bound as well as their names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from .actions.kinds import Action, AnsibleAction
from .errors import ProposalError
from .targets import AnsibleTarget, Target

MAX_FILE_BYTES = 16 * 1024 * 1024


def bound_files(actions: Iterable[Action], named: Mapping[str, Target]) -> dict[str, str]:
    """SHA-256 (hex) of every playbook, and of every inventory that is one file, by path.

    Raises:
        ProposalError: One cannot be read.
    """
    paths = {action.playbook for action in actions if isinstance(action, AnsibleAction)}
    inventories = (each.inventory for each in named.values() if isinstance(each, AnsibleTarget))
    paths |= {str(inventory) for inventory in inventories if inventory.is_file()}
    return {path: file_digest(path) for path in sorted(paths) if path}


def changed_file(files: Mapping[str, str]) -> str | None:
    """Which of the bound files is no longer what it was, in a sentence; None when all are.

    Raises:
        ProposalError: One cannot be read.
    """
    for path, digest in files.items():
        if file_digest(path) != digest:
            return f"{path} was changed since the proposal was made"
    return None


def file_digest(path: str) -> str:
    """SHA-256 (hex) of a file.

    Raises:
        ProposalError: It cannot be read, or is too large to be a playbook or an inventory.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise ProposalError(f"{path} cannot be read: {exc.strerror}") from exc
    if len(content) > MAX_FILE_BYTES:
        raise ProposalError(f"{path} is larger than {MAX_FILE_BYTES // 1024**2} MiB")
    return hashlib.sha256(content).hexdigest()
