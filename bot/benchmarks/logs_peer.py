"""The same lines through drain3, where somebody installed it; the bot never needs it."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from typing import Any


def measure_drain3(lines: Sequence[str]) -> tuple[int, float]:
    """Mine lines with drain3's own defaults.

    Returns:
        Templates, and seconds.

    Raises:
        ImportError: It is not installed.
    """
    drain3: Any = importlib.import_module("drain3")
    miner: Any = drain3.TemplateMiner()
    started = time.perf_counter()
    for line in lines:
        miner.add_log_message(line)
    seconds = time.perf_counter() - started
    return len(miner.drain.clusters), seconds
