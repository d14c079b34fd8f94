"""Runs a program that prints logs: line by line, within limits, and never longer than needed."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ..blocks import MAX_LINE_BYTES
from .errors import SourceFailedError
from .limits import Limits

_READ_BYTES = 64 * 1024
_KEPT_NOTES_BYTES = 4096
_POLL_S = 0.1
_GRACE_S = 1.0


@dataclass(slots=True)
class Notes:
    """What a program says about itself, on standard error; the newest 4 KiB are kept."""

    text: bytes = b""
    exit_status: int | None = None

    def add(self, piece: bytes) -> None:
        """Keep some more."""
        self.text = (self.text + piece)[-_KEPT_NOTES_BYTES:]

    @property
    def lines(self) -> list[str]:
        """Not blank, without spaces at their ends."""
        lines = self.text.decode("utf-8", "replace").splitlines()
        return [stripped for line in lines if (stripped := line.strip())]


def output_lines(
    argv: Sequence[str], notes: Notes, limits: Limits, *, merge: bool = False
) -> Generator[bytes]:
    """Run a program and give the lines of its standard output.

    The program leads a process group of its own; the group is ended when the program is over, a
    limit is reached, or the generator is closed.

    Args:
        notes: Receives standard error and the exit status.
        merge: Give standard error's lines as well, in the order in which they were written.

    Yields:
        Lines without newlines; of a line longer than 1 MiB its beginning.

    Raises:
        SourceFailedError: It cannot be started, took too long, or was stopped.
    """
    _check(limits, 0.0, 0.0)
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator's program, no shell
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as exc:
        raise SourceFailedError(f"{argv[0]} cannot be started: {exc.strerror or exc}") from exc
    try:
        yield from _lines(_pieces(process, notes, limits))
        notes.exit_status = process.wait(_GRACE_S)
    except subprocess.TimeoutExpired as exc:
        raise SourceFailedError(f"{argv[0]} closed its output but did not end") from exc
    finally:
        _end(process)


def _lines(pieces: Generator[bytes]) -> Generator[bytes]:
    pending = b""
    for piece in pieces:
        *whole, rest = piece.split(b"\n")
        if whole:
            yield pending + whole[0]
            yield from whole[1:]
            pending = rest
        elif len(pending) <= 16 * MAX_LINE_BYTES:
            pending += rest
    if pending:
        yield pending


def _pieces(process: subprocess.Popen[bytes], notes: Notes, limits: Limits) -> Generator[bytes]:
    began = time.monotonic()
    heard_at = began
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(_POLL_S)
            for key, _ in ready:
                piece = os.read(key.fd, _READ_BYTES)
                if not piece:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    notes.add(piece)
                else:
                    yield piece
            now = time.monotonic()
            # NOTE: after the yield, so that a slow reader is not taken for a silent program.
            heard_at = now if ready else heard_at
            _check(limits, now - began, now - heard_at)
            if not ready and process.poll() is not None:
                return  # a grandchild may hold the pipe open for ever


def _check(limits: Limits, total_s: float, silence_s: float) -> None:
    if limits.stop.is_set():
        raise SourceFailedError("reading was stopped")
    if silence_s > limits.silence_s:
        raise SourceFailedError(f"nothing was heard for {limits.silence_s:g} s")
    if total_s > limits.total_s:
        raise SourceFailedError(f"it took longer than {limits.total_s:g} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: politely when the program still runs, then for certain."""
    if process.poll() is None:
        _signal(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    _signal(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _signal(group_id: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group_id, which)
