"""What can go wrong with an engine in another process.

InferenceError
└── AttachError   the engine of another bot cannot be used, and why
"""

from __future__ import annotations

from pathlib import Path

from ..errors import InferenceError


class AttachError(InferenceError):
    """The engine behind a socket cannot be used from here.

    Attributes:
        socket: Where it was looked for.
    """

    def __init__(self, socket: Path, reason: str) -> None:
        super().__init__(f"the engine at {socket} cannot be used: {reason}")
        self.socket = socket
