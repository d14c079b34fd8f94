"""LogQL, read by a parser of this project, with doubts about what Loki takes and nobody means."""

from __future__ import annotations

from ..verdict import Verdict
from .logql_tree import Node, parse

_TOOL = "the LogQL parser"


async def check(code: str) -> Verdict:
    """Parse one query of log lines or of a metric."""
    try:
        tree = parse(code)
    except (ValueError, RecursionError) as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    kind = "a query of log lines" if tree.kind == "logs" else "a metric query"
    return Verdict(
        tool=_TOOL,
        doubts=tuple(dict.fromkeys(_doubts(tree))),
        checked=(f"parsed as LogQL by opsbot's own parser: {kind}",),
        unchecked=("whether Loki has these labels",),
    )


def _doubts(tree: Node) -> list[str]:
    found: list[str] = []
    if tree.kind == "logs":
        stages = [part for part in tree.parts if isinstance(part, str)]
        parsed = any(
            s.split()[0] in {"json", "logfmt", "pattern", "regexp", "unpack"} for s in stages
        )
        wanted = next((s for s in stages if s.startswith("unwrap ")), "")
        if wanted and not parsed:
            found.append(f"`{wanted}` needs a parser such as `| json` or `| logfmt` before it")
    for part in tree.parts:
        if isinstance(part, Node):
            found.extend(_doubts(part))
    return found
