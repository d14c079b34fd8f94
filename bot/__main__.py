"""Entry point of `opsbot` and `python -m bot`."""

from __future__ import annotations

import errno
import os
import sys

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def main() -> None:
    """Run the command line."""
    from .settings import prepare_environment

    prepare_environment()
    from .cli.root import app

    try:
        app()
        sys.stdout.flush()
    except OSError as exc:
        if exc.errno not in _NO_ROOM:
            raise
        _give_up(f"opsbot: not everything could be written: {exc.strerror}\n")


def _give_up(sentence: str) -> None:
    """End with a sentence, and without a second try to write what did not fit."""
    sys.stderr.write(sentence)
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
