"""A process that ends with its parent."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from inference.process.lifeline import Lifeline

DEADLINE_S = 5.0


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, int]]:
    """The end to watch, and the parent's; a test closes that one."""
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as watched:
        yield watched, writing


async def test_the_parents_end_is_heard_and_force_is_used_only_after_the_grace(
    pipe: tuple[BinaryIO, int],
) -> None:
    watched, writing = pipe
    ends: list[int] = []
    forced = threading.Event()

    def end(code: int) -> None:
        ends.append(code)
        forced.set()

    gone = Lifeline(watched, grace_s=0.02, end=end).watch()
    os.write(writing, b"what the parent says is ignored\n")
    await asyncio.sleep(0.01)
    assert not gone.is_set()
    os.close(writing)
    await asyncio.wait_for(gone.wait(), DEADLINE_S)
    assert await asyncio.to_thread(forced.wait, DEADLINE_S)
    assert ends == [1]


async def test_a_process_that_ends_by_itself_is_left_in_peace(pipe: tuple[BinaryIO, int]) -> None:
    watched, writing = pipe
    ends: list[int] = []
    lifeline = Lifeline(watched, grace_s=0.05, end=ends.append)
    gone = lifeline.watch()
    os.close(writing)
    await asyncio.wait_for(gone.wait(), DEADLINE_S)
    lifeline.release()
    await asyncio.sleep(0.1)
    assert ends == []
