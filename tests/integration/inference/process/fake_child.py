"""An engine's process on a model without weights, which misbehaves when a prompt says so.

Prompts that contain ABORT kill it, HANG stops its engine thread, DEAF its event loop, SLOW makes
every step take a while.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from bot.log_setup import set_up_logging
from inference import Engine
from inference.backends.base import Chunk
from inference.backends.fake import FakeBackend, FakeEncoder
from inference.process.lifeline import Lifeline, die_with_parent
from inference.process.serving import serve_engine


class Trouble:
    """What a prompt can do to the process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, folder: Path) -> None:
        self._loop = loop
        self._folder = folder
        self._is_slow = False

    def __call__(self, chunks: Sequence[Chunk]) -> None:
        text = b"".join(bytes(t for t in chunk.tokens if t < 256) for chunk in chunks)
        self._is_slow |= b"SLOW" in text
        if b"ONCE" in text and not self._is_first():
            return
        if b"ABORT" in text:
            os.write(2, b"GGML_ASSERT(cells > 0) failed\n")
            os.abort()
        if b"HANG" in text:
            time.sleep(600)
        if b"DEAF" in text:
            self._loop.call_soon_threadsafe(time.sleep, 600)
        if self._is_slow:
            time.sleep(0.05)

    def _is_first(self) -> bool:
        """Whether no run of this process was troubled before."""
        try:
            (self._folder / "troubled").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


async def main(socket: Path) -> None:
    backend = FakeBackend(n_ctx=4096, n_batch=512, n_seq_max=16)
    backend.on_decode = Trouble(asyncio.get_running_loop(), socket.parent)
    registry = CollectorRegistry()
    engine = Engine(load_generator=lambda: backend, load_encoder=FakeEncoder, registry=registry)
    await serve_engine(
        engine, socket=socket, registry=registry, lifeline=Lifeline(sys.stdin.buffer)
    )


if __name__ == "__main__":
    die_with_parent()
    options = json.loads(sys.stdin.buffer.readline() or b"{}")
    if options.get("fails"):
        raise SystemExit("the model file is damaged")
    set_up_logging("INFO")
    asyncio.run(main(Path(sys.argv[1])))
