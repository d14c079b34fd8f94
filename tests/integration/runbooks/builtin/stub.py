"""Stands in for a program: answers from the table beside it, and remembers what it was asked.

The table is `NAME.json`: a list of replies. The first one whose pattern fits all words, and whose
conditions fit what earlier calls have set, answers. A call that nobody foresaw fails. Where it may
not write, as a look that is shut in, it answers all the same and remembers nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from pathlib import Path


def main() -> int:
    """Answer one call; returns the exit status."""
    program = Path(sys.argv[0])
    folder, line = program.parent, " ".join(sys.argv[1:])
    state_file = folder / "state.json"
    state: dict[str, str] = json.loads(state_file.read_text()) if state_file.exists() else {}
    with contextlib.suppress(OSError), (folder / "calls.txt").open("a") as calls:
        calls.write(f"{program.name} {line}\n")
    for reply in json.loads(program.with_name(f"{program.name}.json").read_text()):
        needed: dict[str, str] = reply["needs"]
        if re.fullmatch(reply["line"], line) and needed.items() <= state.items():
            if reply["sets"]:
                state_file.write_text(json.dumps({**state, **reply["sets"]}))
            sys.stdout.write(reply["output"])
            sys.stdout.flush()
            if reply["copies"]:
                shutil.copy(*reply["copies"])
            if reply["signals"]:
                os.kill(*reply["signals"])
            if reply["starts"]:
                os.execv(reply["starts"][0], [*reply["starts"], *sys.argv[1:]])  # noqa: S606
            return reply["status"]
    sys.stderr.write(f"{program.name}: nobody foresaw: {line}\n")
    return 97


if __name__ == "__main__":
    sys.exit(main())
