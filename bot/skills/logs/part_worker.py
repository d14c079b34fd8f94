"""A process that counts parts of files: parts in through standard input, counts out.

Messages are pickles with their length before them. The process ends when its input does.
"""

from __future__ import annotations

import gc
import pickle
import signal
import struct
import sys
from typing import IO

from .blocks import Intake
from .parts import PartCounter

LENGTH = struct.Struct("<Q")


def send(pipe: IO[bytes], message: object) -> None:
    """Write one message.

    Raises:
        OSError: Nobody reads any more.
    """
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    pipe.write(LENGTH.pack(len(data)) + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """The next message, still packed, or None at the end."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = pipe.read(length)
    return data if len(data) == length else None


def main() -> None:
    """Count parts until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    gc.disable()  # nothing here refers to itself; looking for such things takes a tenth of the time
    counter = PartCounter()
    while (data := receive(sys.stdin.buffer)) is not None:
        intake = Intake()
        try:
            for counted in counter.count(pickle.loads(data), intake):  # noqa: S301 - our own parent
                send(sys.stdout.buffer, counted)
            send(sys.stdout.buffer, intake)
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
