"""What every demo process does: write a log file, say when it is ready, end with its parent."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from logging.handlers import RotatingFileHandler

from .places import Places, write_port

_MAX_LOG_BYTES = 20 * 1024 * 1024


class _Formatter(logging.Formatter):
    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


def open_log(places: Places, process: str) -> logging.Logger:
    """Start a fresh log file; what an earlier run left is kept as `.1`.

    Returns:
        A logger whose lines read "2026-01-31T09:15:02.117Z WARNING checkout message", in UTC.
    """
    path = places.log_file(process)
    handler = RotatingFileHandler(path, maxBytes=_MAX_LOG_BYTES, backupCount=1, encoding="utf-8")
    if path.stat().st_size:
        handler.doRollover()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger(process)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.propagate = False
    return logger


def announce(places: Places, process: str, port: int | None) -> None:
    """Tell the supervisor that the process works, and everybody else its port."""
    if port is not None:
        write_port(places, process, port)
    sys.stdout.write(json.dumps({"process": process, "port": port}) + "\n")
    sys.stdout.flush()


def run_until_parent_ends(serve: Callable[[], Awaitable[None]]) -> None:
    """Run `serve` until it returns, standard input closes, or SIGTERM or SIGINT arrives.

    The supervisor holds the other end of standard input, so a killed supervisor ends its children.
    """
    asyncio.run(_serve(serve))


async def _serve(serve: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_wait_for_eof, args=(loop, stop), daemon=True).start()
    working = asyncio.ensure_future(serve())
    stopping = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if working in done:
        stopping.cancel()
        working.result()
        return
    working.cancel()
    await asyncio.wait({working}, timeout=2.0)


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # NOTE: os.read and not sys.stdin: a daemon thread that holds a buffered reader's lock would
    # abort the interpreter at exit.
    while os.read(0, 4096):
        continue
    loop.call_soon_threadsafe(stop.set)
