"""Which variables may be set for one command: few, and none that chooses code or identity."""

from __future__ import annotations

import re

_HARMLESS = re.compile(
    r"LC_[A-Z]+|LANG|LANGUAGE|TZ|NO_COLOR|COLUMNS|LINES|BLOCK_SIZE|BLOCKSIZE|POSIXLY_CORRECT"
    r"|AWS_(PROFILE|REGION|DEFAULT_REGION)|PG(CONNECT_TIMEOUT|DATABASE|HOST|PORT|USER|APPNAME)"
    r"|SYSTEMD_COLORS|TF_IN_AUTOMATION|DEBIAN_FRONTEND"
)
_VALUE = re.compile(r"[A-Za-z0-9_.,:@+-]*(/[A-Za-z0-9_+-]+)?")


def refused_variable(name: str, value: str) -> str | None:
    """Say why `NAME=value` may not stand before a command, or None when it may."""
    if not _HARMLESS.fullmatch(name):
        return f"the variable {name} could change which code runs, where or as whom"
    if not _VALUE.fullmatch(value):
        return f"the value of {name} is not plain"
    return None
