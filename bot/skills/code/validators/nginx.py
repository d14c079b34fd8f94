"""Nginx configuration, parsed by crossplane, with the contexts in which directives may stand."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, cast

import crossplane  # pyright: ignore[reportMissingTypeStubs]

from ..verdict import Verdict
from .nginx_directives import Directive, know_newer_directives, unknown_directives

_TOOL = "crossplane"
_MAIN = frozenset({"http", "events", "stream", "user", "worker_processes", "pid", "error_log"})
# Where a piece of configuration belongs that does not begin with `http`: tried from outside in.
_AROUND = (("", ""), ("http {\n", "\n}"), ("http { server {\n", "\n} }"))


async def check(code: str) -> Verdict:
    """Parse a whole file, or a piece that belongs into `http` or `server`."""
    try:
        place, _ = await asyncio.to_thread(read, code)
    except ValueError as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    return Verdict(
        tool=_TOOL,
        checked=(f"parsed by {_TOOL}: directives, their arguments and places", f"goes {place}"),
        unchecked=("names of hosts, files and certificates", "other modules than nginx's own"),
    )


def read(code: str) -> tuple[str, list[Directive]]:
    """Where the code belongs, in words, and its directives as crossplane gives them.

    Raises:
        ValueError: It is not nginx's in any place.
    """
    problems: list[str] = []
    for (before, after), place in zip(_AROUND, _places(), strict=True):
        parsed, problem = _parse(f"{before}{code}{after}\n", n_before=before.count("\n"))
        if not problem:
            if not parsed:
                raise ValueError("there is no directive")
            return place, _inside(parsed, before.count("{"))
        problems.append(problem)
    # The complaint of the place that it was meant for: the one with the latest line.
    whole = code.lstrip().split(None, 1)[0].rstrip("{;") in _MAIN if code.strip() else True
    raise ValueError(problems[0] if whole else min(problems[1:], key=_misplaced))


def _places() -> tuple[str, ...]:
    return ("into nginx.conf", "inside http", "inside a server")


def _misplaced(problem: str) -> int:
    return problem.count("not allowed here")


def _inside(parsed: list[Directive], depth: int) -> list[Directive]:
    for _ in range(depth):
        parsed = cast("list[Directive]", parsed[0]["block"])
    return parsed


def _parse(code: str, *, n_before: int) -> tuple[list[Directive], str]:
    know_newer_directives()
    with tempfile.TemporaryDirectory(prefix="opsbot-nginx-") as folder:
        path = Path(folder) / "nginx.conf"
        path.write_text(code, "utf-8")
        # Strictly it would also refuse the keys of a map: unknown names are sought afterwards.
        found = cast(
            "dict[str, Any]",
            crossplane.parse(  # pyright: ignore[reportUnknownMemberType]
                str(path), single=True, comments=False
            ),
        )
    parsed = cast("list[Directive]", found["config"][0]["parsed"])
    errors = [
        (each["line"] or 1, str(each["error"]).split(f" in {path}")[0]) for each in found["errors"]
    ]
    unknown = [(at, f'unknown directive "{name}"') for at, name in unknown_directives(parsed)]
    said = [f"line {max(1, at - n_before)}: {text}" for at, text in sorted([*errors, *unknown])]
    return parsed, "; ".join(said[:2])
