"""Hosts that a request names and a plan does not reach; pure.

"disk full on web-1" may find a runbook that looks at the machine of the bot. Nobody should approve
that in the belief that it goes to web-1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .alert_text import alert_labels
from .describe import describe
from .proposal import Plan
from .values import render

_HOST = r"(?:[a-z][a-z0-9]*(?:-[a-z0-9]+)*-?[0-9]+(?:\.[a-z0-9-]+)*|[a-z][a-z0-9-]*(?:\.[a-z0-9-]+){2,})"
_NAMED = re.compile(
    rf"\b(?:on|at) (?:host |node |machine |server )?({_HOST})(?![\w/-])", re.IGNORECASE
)
_LABELS = ("instance", "host", "hostname", "node", "nodename")
_WHOLE = re.compile(_HOST, re.IGNORECASE)


def named_elsewhere(plan: Plan) -> tuple[str, ...]:
    """The hosts that the request for a plan names and no step of it mentions, each once."""
    asked = plan.why.removeprefix(f"{plan.requester.name} asked: ")
    if asked == plan.why:
        return ()
    reached = " ".join(_reached(plan)).lower()
    hosts = dict.fromkeys(host.lower() for host in _hosts(asked))
    return tuple(
        host for host in hosts if not re.search(rf"(?<![\w-]){re.escape(host)}(?![\w-])", reached)
    )


def _hosts(asked: str) -> Iterator[str]:
    yield from (found.group(1) for found in _NAMED.finditer(asked))
    labels = alert_labels(asked)
    for name in _LABELS:
        host = labels.get(name, "").partition(":")[0]
        if _WHOLE.fullmatch(host):
            yield host


def _reached(plan: Plan) -> Iterator[str]:
    yield plan.run_as
    yield from plan.targets
    yield from plan.targets.values()
    yield from map(render, plan.parameters.values())
    yield from (describe(step.action) for step in plan.steps)
