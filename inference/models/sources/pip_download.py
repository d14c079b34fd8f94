"""`pip download`, several at a time, watched from outside.

pip works in a folder of its own on the disk of the target, so that a small /tmp is no trap, and a
wheel appears under its name only when pip has finished it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import DiskFullError, SourceError
from .wheel import find_wheel

_LABEL = "package index"
_POLL_S = 0.2
_GRACE_S = 5.0
# NOTE: -P and run_module rather than -m, so that the working directory cannot shadow pip and the
# temporary folder can be chosen without touching the environment.
_RUN_PIP = (
    "import runpy, sys, tempfile; tempfile.tempdir = sys.argv.pop(1); "
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)


class PipDownloads:
    """A window of running `pip download` processes over a list of distributions.

    Args:
        folder: Where finished wheels go and may already lie.
        distributions: In the order in which they will be asked for.
        version: The same for all of them.
        n_parallel: How many are fetched at a time, >= 1.
        extra_arguments: More arguments for pip, for example another place to look.
    """

    def __init__(
        self,
        folder: Path,
        distributions: tuple[str, ...],
        version: str,
        n_parallel: int,
        extra_arguments: tuple[str, ...] = (),
    ) -> None:
        self._folder = folder
        self._in_flight = folder / ".in-flight"
        self._waiting = list(distributions)
        self._version = version
        self._n_parallel = n_parallel
        self._extra_arguments = extra_arguments
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._clear()
        self._in_flight.mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._clear()

    def wait(self, distribution: str, on_pending: Callable[[int], None]) -> Path:
        """Wait for one wheel, while the next ones are fetched too.

        Args:
            on_pending: Told several times a second how many bytes are fetched but not yet taken.

        Raises:
            SourceError: pip failed; its own last word is the reason.
            DiskFullError: pip ran out of room.
        """
        while (wheel := find_wheel(self._folder, distribution, self._version)) is None:
            self._fill(distribution)
            on_pending(self._n_pending_bytes())
            self._step(distribution)
        self._fill(None)
        return wheel

    def discard(self, distribution: str) -> None:
        """Delete a wheel that was taken, or turned out to be damaged."""
        if (wheel := find_wheel(self._folder, distribution, self._version)) is not None:
            wheel.unlink()

    def _clear(self) -> None:
        """Keep what pip had finished unseen; a wheel it was still copying shows when it is read."""
        for wheel in self._in_flight.glob("*/*.whl"):
            wheel.replace(self._folder / wheel.name)
        shutil.rmtree(self._in_flight, ignore_errors=True)

    def _fill(self, wanted: str | None) -> None:
        """Start downloads up to the window's size; the wanted one in any case."""
        if wanted is not None and wanted not in self._running:
            if wanted in self._waiting:
                self._waiting.remove(wanted)
            self._start(wanted)
        while self._waiting and len(self._running) < self._n_parallel:
            name = self._waiting.pop(0)
            if find_wheel(self._folder, name, self._version) is None:
                self._start(name)

    def _start(self, name: str) -> None:
        target = self._in_flight / name
        shutil.rmtree(target, ignore_errors=True)
        (target / "tmp").mkdir(parents=True)
        command = [sys.executable, "-P", "-c", _RUN_PIP, str(target / "tmp"), "download"]
        command += ["--quiet", "--progress-bar=off", "--no-input", "--no-cache-dir"]
        command += ["--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        command += [*self._extra_arguments, "--dest", str(target), f"{name}=={self._version}"]
        with (target / "log").open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _step(self, name: str) -> None:
        """Give one download a moment; when it is finished put its wheel in place."""
        process = self._running[name]
        try:
            status = process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            return
        del self._running[name]
        target = self._in_flight / name
        wheel = find_wheel(target, name, self._version)
        if status != 0 or wheel is None:
            raise self._fault(name, target / "log")
        wheel.replace(self._folder / wheel.name)
        shutil.rmtree(target, ignore_errors=True)

    def _fault(self, name: str, log: Path) -> SourceError | DiskFullError:
        text = log.read_text(encoding="utf-8", errors="replace")
        if "No space left on device" in text:
            return DiskFullError(self._folder)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        last_word = (errors or lines or ["it said nothing"])[-1]
        return SourceError(_LABEL, f"pip could not fetch {name}=={self._version}: {last_word}")

    def _n_pending_bytes(self) -> int:
        return sum(_size(path) for path in self._folder.rglob("*.whl"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pip moved it meanwhile
        return 0
