"""llama.cpp's own log: debug events for us, and its last errors for our messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog

_INFO, _ERROR = 2, 4


class NativeLog:
    """Receives log lines from native code, on any thread.

    Args:
        as_callback: Wraps a Python function for the C side.

    Attributes:
        callback: What the C side gets. It keeps only a pointer, so this object must live as long
            as the library is in use.
        errors: The last lines of level error.
    """

    def __init__(
        self, as_callback: Callable[[Callable[[int, bytes, object], None]], object]
    ) -> None:
        self.errors: deque[str] = deque(maxlen=3)
        self.callback = as_callback(self.hear)

    def hear(self, level: int, text: bytes, _data: object) -> None:
        """Take one line; ggml's levels are 1 debug, 2 info, 3 warning, 4 error, 5 continuation."""
        line = text.decode(errors="replace").strip()
        if level == _ERROR:
            self.errors.append(line)
        if line and _INFO <= level <= _ERROR:
            structlog.get_logger().debug("llama_cpp_log", line=line)

    def reason(self) -> str:
        """The last error, for people."""
        return self.errors[-1] if self.errors else "no reason was given"
