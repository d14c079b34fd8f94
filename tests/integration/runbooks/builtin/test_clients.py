"""The real clients know every option that the builtin runbooks use.

They are pointed at a port where nobody listens: what comes back must be that nobody listens, and not
that an option or a command is unknown.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from runbooks.actions.kinds import (
    Action,
    CommandAction,
    DockerAction,
    KubernetesAction,
    ParameterValue,
)
from runbooks.binding import bind
from runbooks.catalog import Catalog

from .conftest import needs

VALUES: dict[str, ParameterValue] = {
    "claim": "data-0",
    "namespace": "shop",
    "node": "node-1",
    "pod": "web-1",
    "size_gb": 20,
    "workload": "deployment/web",
    "service": "cron",
    "unit": "cron.service",
    "consumer": "cron",
    "group": "orders",
    "folder": "/srv/backup",
    "url": "http://127.0.0.1:9/",
    "backend_url": "http://127.0.0.1:9/",
}
UNKNOWN = re.compile(
    r"unknown (shorthand )?(flag|command|option)|unrecognized option|invalid option|usage:"
    r"|not a valid|Failed to parse|Unknown operation",
    re.IGNORECASE,
)


def _all(kind: type[Action]) -> Iterator[Action]:
    for runbook in Catalog.load().all:
        missing = [p.name for p in runbook.parameters if p.default is None]
        if all(name in VALUES for name in missing):
            for step in bind(runbook, {name: VALUES[name] for name in missing}, {}):
                around = (step.verify.action if step.verify else None, step.preview, step.rollback)
                yield from (a for a in (step.action, *around) if isinstance(a, kind))


def _said(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


@needs("kubectl")
def test_kubectl_knows_every_word() -> None:
    asked = {a.argv for a in _all(KubernetesAction) if isinstance(a, KubernetesAction)}
    assert len(asked) > 30
    for argv in sorted(asked):
        nowhere = ("--server=http://127.0.0.1:9", "--request-timeout=2s")
        said = _said("kubectl", *nowhere, *(w for w in argv if "--dry-run" not in w))
        assert "refused" in said, (argv, said)
        assert not UNKNOWN.search(said), (argv, said)


@needs("kubectl")
def test_kubectl_has_a_dry_run_wherever_one_is_asked_for() -> None:
    asked = {a.argv for a in _all(KubernetesAction) if isinstance(a, KubernetesAction)}
    trials = [argv for argv in asked if any("--dry-run" in word for word in argv)]
    assert trials
    for argv in sorted(trials):
        verb = argv[:2] if argv[0] == "rollout" else argv[:1]
        assert "--dry-run" in _said("kubectl", *verb, "--help"), argv


@needs("docker")
def test_docker_knows_every_word() -> None:
    asked = {a.argv for a in _all(DockerAction) if isinstance(a, DockerAction)}
    assert len(asked) >= 5
    for argv in sorted(asked):
        said = _said("docker", "--host=tcp://127.0.0.1:9", *argv)
        assert "Cannot connect" in said or "refused" in said, (argv, said)
        assert not UNKNOWN.search(said), (argv, said)


@pytest.mark.parametrize("program", ["journalctl", "systemctl"])
@needs("journalctl", "systemctl")
def test_the_tools_of_systemd_know_every_word(program: str) -> None:
    asked = {a.argv for a in _all(CommandAction) if isinstance(a, CommandAction)}
    own = [argv for argv in asked if argv[0] == program]
    assert len(own) >= 5
    for argv in sorted(own):
        if not {"restart", "start", "stop", "reload", "reset-failed", "--rotate"} & set(argv):
            assert not UNKNOWN.search(_said(*argv)), argv
