"""Runbooks for one machine: its disks, load, memory and processes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from .conftest import Book, Reply, Stubs, needs

JOURNAL_SIZE = "Archived and active journals take up 56.0M in the file system.\n"
VACUUMED = "Vacuuming done, freed 1.2G of archived journals from /var/log/journal.\n"
CARELESS_PARENT = """
import os, signal, sys, time
if sys.argv[1] == "reminded":
    signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, os.WNOHANG))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
if os.fork() == 0:
    os._exit(0)
signal.sigtimedwait({signal.SIGCHLD}, 5)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
print("zombie made", flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def program(*argv: str) -> Generator[psutil.Popen]:
    process = psutil.Popen([sys.executable, "-c", *argv], stdout=-1, text=True)
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        process.communicate(timeout=10)


@needs("df", "du", "find")
async def test_disk_full_shows_what_is_large_and_vacuums_the_journal(
    book: Book, stubs: Stubs, tmp_path: Path
) -> None:
    find = shutil.which("find")
    assert find is not None
    stubs.add(
        "find",
        Reply(line="/proc .*", output="/proc/812/fd/4 /var/log/app.log (deleted)\n"),
        Reply(line=".*", starts=(find,)),
    )
    stubs.add(
        "journalctl",
        Reply(line="--disk-usage", output=JOURNAL_SIZE),
        Reply(line="--rotate --vacuum-size=300M", output=VACUUMED),
    )
    folder = tmp_path / "srv"
    folder.mkdir()
    (folder / "dump.bin").write_bytes(b"x" * (11 * 1024 * 1024))
    if psutil.disk_usage(str(folder)).percent > 89:
        pytest.skip("the disk of this machine is really full")
    ran = (await book.run("disk-full", mount=str(folder), large_mb=10, keep_mb=300)).succeeded()
    assert "Use%" in ran.outputs["space"]
    assert "IUse%" in ran.outputs["inodes"]
    assert f"\t{folder}" in ran.outputs["largest"]
    assert f"{folder}/dump.bin" in ran.outputs["files"]
    assert "app.log (deleted)" in ran.outputs["deleted-but-open"]
    assert ran.previews["vacuum-journal"] == JOURNAL_SIZE.strip()
    assert ran.outputs["vacuum-journal"] == VACUUMED.strip()


@needs("find")
async def test_a_deleted_file_that_is_still_open_is_found(book: Book, tmp_path: Path) -> None:
    step = next(s for s in book.catalog.get("disk-full").steps if s.step_id == "deleted-but-open")
    file = tmp_path / "deleted.log"
    with file.open("w"):
        file.unlink()
        output = await book.look(step.action)
    assert f"{file} (deleted)" in output


@needs("uptime", "ps", "vmstat", "renice")
async def test_high_load_lowers_a_process_and_can_raise_it_again(book: Book) -> None:
    with program("import time; time.sleep(60)") as process:
        ran = (await book.run("high-load", pid=process.pid, niceness=12)).succeeded()
        assert process.nice() == 12
        assert "load average" in ran.outputs["load"]
        assert str(process.pid) in ran.previews["renice"]
        assert await book.checks(ran, "renice")
        with contextlib.suppress(PermissionError):
            process.nice(0)
            assert not await book.checks(ran, "renice")
            process.nice(12)
            await book.shows(ran, ran.step("renice").rollback)
            assert process.nice() == 0


async def _zombie_of(parent: psutil.Popen) -> psutil.Process:
    assert parent.stdout is not None
    line = await asyncio.to_thread(parent.stdout.readline)
    assert line == "zombie made\n"
    (child,) = parent.children()
    assert child.status() == psutil.STATUS_ZOMBIE
    return child


@needs("ps", "kill")
async def test_a_parent_that_listens_collects_its_zombie_when_reminded(book: Book) -> None:
    with program(CARELESS_PARENT, "reminded") as parent:
        child = await _zombie_of(parent)
        ran = await book.run("zombie-processes", parent=parent.pid)
        assert f"{child.pid}" in ran.previews["remind"]
        assert "Z" in ran.previews["remind"]
        assert ran.verified["remind"], (ran.finished, ran.details, ran.outputs)
        assert not psutil.pid_exists(child.pid)


@needs("ps", "kill")
async def test_the_parent_of_a_zombie_that_stays_is_asked_to_end(book: Book) -> None:
    with program(CARELESS_PARENT, "deaf") as parent:
        await _zombie_of(parent)
        ran = await book.run("zombie-processes", parent=parent.pid)
        assert await asyncio.to_thread(parent.wait, 10) == -15
        assert await book.checks(ran, "end")
        assert ran.verified["end"]


@needs("ps")
async def test_a_zombie_that_is_still_there_fails_both_checks(book: Book) -> None:
    with program(CARELESS_PARENT, "deaf") as parent:
        child = await _zombie_of(parent)
        ran = await book.propose("zombie-processes", parent=parent.pid)
        assert not await book.checks(ran, "remind")
        assert not await book.checks(ran, "end")
        assert child.status() == psutil.STATUS_ZOMBIE


@needs("ps")
async def test_a_living_child_is_no_zombie(book: Book) -> None:
    with program(
        "import os, time; os.fork() and print('forked', flush=True); time.sleep(60)"
    ) as parent:
        assert parent.stdout is not None
        assert await asyncio.to_thread(parent.stdout.readline) == "forked\n"
        ran = await book.propose("zombie-processes", parent=parent.pid)
        assert await book.checks(ran, "remind")
        assert await book.checks(ran, "end")
        parent.children()[0].kill()


@needs("free", "ps")
async def test_memory_pressure_restarts_the_service_that_leaks(book: Book, stubs: Stubs) -> None:
    stubs.add(
        "journalctl",
        Reply(
            line="--dmesg --since today --no-pager --grep .*Killed process --lines 50",
            output="Nov 21 10:02:11 web-1 kernel: Out of memory: Killed process 812 (java)\n",
        ),
    )
    stubs.add(
        "systemctl",
        Reply(line="show leaky --property .*MemoryCurrent.*", output="MemoryCurrent=8123456789\n"),
        Reply(line="restart leaky", sets={"restarted": "yes"}),
        Reply(line="is-active leaky", output="active\n", needs={"restarted": "yes"}),
        Reply(line="is-active leaky", output="inactive\n", status=3),
    )
    ran = (await book.run("memory-pressure", service="leaky")).succeeded()
    assert "Mem:" in ran.outputs["memory"]
    assert "Mem:" in ran.outputs["after"]
    assert "Killed process 812" in ran.outputs["kills"]
    assert ran.previews["restart"] == "MemoryCurrent=8123456789"
    assert ran.verified == {"restart": True}


@pytest.mark.skipif(not Path("/var/cache/apt/archives").is_dir(), reason="apt is not used here")
@needs("du")
async def test_the_package_cache_is_cleaned(book: Book, stubs: Stubs) -> None:
    stubs.add("apt-get", Reply(line="clean"))
    ran = await book.run("package-cache")
    assert "/var/cache/apt/archives" in ran.previews["clean"]
    assert ran.details["clean"] == "exit 0"
    assert stubs.calls == ("apt-get clean",)
