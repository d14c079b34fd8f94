"""What other processes do to the folder, and what a killed one leaves behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inference.persistence import StateFiles
from inference.request import TokenId

from .conftest import IDENTITY, Store, put, run

LIMIT_S = 30

# Waits inside its first fsync, when all bytes are written and the name is not there yet.
HANGS_WHILE_WRITING = """
import os, sys, time
from pathlib import Path
from inference.persistence import StateFiles, StateKind

def hang(descriptor):
    print("writing", flush=True)
    time.sleep(60)

os.fsync = hang
files = StateFiles.open(Path(sys.argv[1]), "model-a", max_bytes=1 << 20)
files.save(tuple(range(60)), bytes(100_000), StateKind.THREAD)
files.flush(60)
"""

# Writes and reads the states that its neighbours write and evict at the same time.
WRITES_AND_READS = """
import sys
from pathlib import Path
from inference.persistence import StateFiles, StateKind

files = StateFiles.open(Path(sys.argv[1]), "model-a", max_bytes=40_000)
for turn in range(21):
    first = 1000 * (turn % 7)
    tokens = tuple(range(first, first + 50 + turn % 3))
    files.save(tokens, bytes(str(first), "ascii") * 2000, StateKind.THREAD)
    files.flush(10)
    ref = files.match(tuple(range(first, first + 100)))
    loaded = files.load(ref) if ref is not None else None
    if loaded is not None and loaded.payload != str(loaded.tokens[0]).encode() * 2000:
        sys.exit("a state of other tokens was returned")
files.close(10)
counts = files.counts
print(counts.n_corrupt, counts.n_saved, counts.n_dropped)
"""


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def hanging_writer(store: Store) -> subprocess.Popen[str]:
    store.open()
    writer = start(HANGS_WHILE_WRITING, store.path)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    return writer


def test_a_writer_killed_midway_leaves_a_file_that_the_next_open_removes(
    store: Store, hanging_writer: subprocess.Popen[str]
) -> None:
    (leftover,) = store.path.iterdir()
    assert leftover.stat().st_size > 100_000
    assert store.open().match(run(0, 100)) is None
    assert leftover.exists(), "its writer was still alive"
    hanging_writer.send_signal(signal.SIGKILL)
    hanging_writer.communicate(timeout=LIMIT_S)
    files = store.open()
    assert list(store.path.iterdir()) == []
    assert files.match(run(0, 100)) is None
    assert files.counts.n_corrupt == 0
    put(files, run(0, 60))
    assert files.match(run(0, 100)) is not None


def test_processes_on_one_folder_do_not_disturb_each_other(store: Store) -> None:
    store.open()
    workers = [start(WRITES_AND_READS, store.path) for _ in range(2)]
    outputs = [worker.communicate(timeout=LIMIT_S)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    n_corrupt, n_saved, n_dropped = (
        sum(column) for column in zip(*(map(int, out.split()) for out in outputs), strict=True)
    )
    assert (n_corrupt, n_dropped) == (0, 0)
    assert n_saved > 7, "nothing was evicted and saved again"
    files = StateFiles.open(store.path, IDENTITY, max_bytes=1 << 20)
    refs = [files.match(tokens(1000 * i)) for i in range(7)]
    found = [ref for ref in refs if ref is not None]
    assert found
    assert all(files.load(ref) is not None for ref in found)


def tokens(first: int) -> tuple[TokenId, ...]:
    return run(first, 100)
