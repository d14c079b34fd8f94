"""Shell answers: run on a fixture file system, and judged by what they print, change and call."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from .code_case import Outcome
from .code_sandbox import Ran, run_inside

# A stub writes down how it was called and says what the case has for it.
_STUB = """#!/bin/bash
printf '%s\\0' "{name}" "$@" >> /stubs/calls.log
printf '\\n' >> /stubs/calls.log
cat /stubs/{name}.out
"""
_DAY_S = 86400


def check_shell(code: str, check: Mapping[str, Any]) -> Outcome:
    """Run a shell answer and compare.

    Args:
        check: `files` (by absolute path: text, or a mapping of text, size, days_old, mode),
            `stubs` (output by program), `stdin`, `dir`; and what is expected: `lines`,
            `lines_any_order`, `has`, `lacks`, `paths` (exactly these of the files are printed),
            `after` (content by path, null for gone), `called` (words of one call).

    Raises:
        SandboxError: Nothing can be executed here.
    """
    with tempfile.TemporaryDirectory(prefix="opsbot-eval-") as folder:
        root = Path(folder)
        _make(root, check)
        ran = run_inside(
            ("/bin/bash", "--norc", "--noprofile", "-c", code),
            root,
            cwd=str(check.get("dir", "/work")),
            stdin=str(check.get("stdin", "")),
        )
        faults = [*_output_faults(ran, check), *_after_faults(root, check)]
        faults += _call_faults(root, check)
    if ran.code is None:
        faults.insert(0, "it did not end")
    said = f" ({ran.errors.strip().splitlines()[0][:120]})" if faults and ran.errors.strip() else ""
    return Outcome(passed=not faults, reason="; ".join(faults[:2]) + said)


def _make(root: Path, check: Mapping[str, Any]) -> None:
    (root / "work").mkdir()
    (root / "stubs").mkdir()
    for path, content in cast("dict[str, Any]", check.get("files", {})).items():
        fields = {"text": content} if isinstance(content, str) else cast("dict[str, Any]", content)
        _make_file(root / path.lstrip("/"), fields)
    for name, output in cast("dict[str, Any]", check.get("stubs", {})).items():
        (root / "stubs" / f"{name}.out").write_text(str(output), "utf-8")
        stub = root / "stubs" / name
        stub.write_text(_STUB.format(name=name), "utf-8")
        stub.chmod(0o755)


def _make_file(path: Path, fields: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if "size" in fields:
        with path.open("wb") as file:
            file.truncate(int(fields["size"]))
    else:
        path.write_text(str(fields.get("text", "")), "utf-8")
    if "mode" in fields:
        path.chmod(int(str(fields["mode"]), 8))
    if "days_old" in fields:
        at = time.time() - float(fields["days_old"]) * _DAY_S - 60
        os.utime(path, (at, at))


def _output_faults(ran: Ran, check: Mapping[str, Any]) -> list[str]:
    lines = [" ".join(line.split()) for line in ran.output.splitlines() if line.strip()]
    faults: list[str] = []
    wanted = check.get("lines")
    if wanted is not None and lines != [str(line) for line in wanted]:
        faults.append(f"printed {lines[:6]}, not {wanted}")
    wanted = check.get("lines_any_order")
    if wanted is not None and Counter(lines) != Counter(str(line) for line in wanted):
        faults.append(f"printed {lines[:6]}, not {wanted} in any order")
    text = "\n".join(lines)
    faults += [f"{each!r} is not printed" for each in check.get("has", []) if str(each) not in text]
    faults += [f"{each!r} is printed" for each in check.get("lacks", []) if str(each) in text]
    if "paths" in check:
        faults += _path_faults(ran.output, check)
    return faults


def _path_faults(output: str, check: Mapping[str, Any]) -> list[str]:
    """Files may be printed in any form that names them: `ls -l` lines, bare paths, relative ones."""
    start = str(check.get("dir", "/work"))
    printed = {
        path
        for path in cast("dict[str, Any]", check["files"])
        if any(_names(line, path, start) for line in output.splitlines())
    }
    wrong = sorted(printed ^ set(check["paths"]))
    return [f"wrongly printed or missing: {', '.join(wrong)}"] if wrong else []


def _names(line: str, path: str, start: str) -> bool:
    words = [word.strip("'\":,") for word in line.split()]
    return any(os.path.normpath(os.path.join(start, word)) == path for word in words)


def _after_faults(root: Path, check: Mapping[str, Any]) -> list[str]:
    faults: list[str] = []
    for path, content in cast("dict[str, Any]", check.get("after", {})).items():
        file = root / path.lstrip("/")
        if content is None:
            faults += [f"{path} is still there"] if file.exists() else []
        elif not file.is_file():
            faults.append(f"{path} is gone")
        elif isinstance(content, dict):
            mode = oct(file.stat().st_mode & 0o777)[2:]
            wanted = str(cast("dict[str, Any]", content)["mode"])
            faults += [] if mode == wanted else [f"{path} has mode {mode}"]
        elif file.read_bytes().strip() != str(content).encode().strip():
            faults.append(f"{path} has other content")
    return faults


def _call_faults(root: Path, check: Mapping[str, Any]) -> list[str]:
    log = root / "stubs" / "calls.log"
    text = log.read_text("utf-8") if log.exists() else ""
    calls = [line.rstrip("\0").split("\0") for line in text.splitlines()]
    return [
        f"no call has the words {json.dumps(words)}"
        for words in check.get("called", [])
        if not any(set(map(str, words)) <= set(_split(call)) for call in calls)
    ]


def _split(call: list[str]) -> list[str]:
    """A call's words, `--name=value` also as two."""
    return [*call, *(piece for word in call for piece in word.split("=", 1))]
