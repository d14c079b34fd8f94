"""What every builtin runbook keeps: looks that only look, changes with a preview and a check."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from runbooks.actions.kinds import (
    Action,
    CommandAction,
    DockerAction,
    KubernetesAction,
    ParameterValue,
    SqlAction,
)
from runbooks.binding import BoundStep, bind
from runbooks.catalog import Catalog
from runbooks.commands.checks import sql
from runbooks.commands.classify import CommandClass, classify
from runbooks.schema import Parameter, ParameterType, Risk, Runbook

EXPECTED = frozenset(
    [
        "backup-check",
        "certificate-expiry",
        "connection-pool-exhaustion",
        "disk-full",
        "dns-cache-flush",
        "dns-resolution",
        "docker-prune",
        "haproxy-reload",
        "high-load",
        "http-5xx-triage",
        "journald-vacuum",
        "kafka-consumer-lag",
        "kubernetes-crash-loop",
        "kubernetes-node-drain",
        "kubernetes-pending-pods",
        "kubernetes-rollout-restart",
        "kubernetes-rollout-undo",
        "kubernetes-volume-full",
        "memory-pressure",
        "nginx-reload",
        "ntp-drift",
        "package-cache",
        "postgres-bloat",
        "postgres-replication-lag",
        "rabbitmq-queue-depth",
        "redis-memory",
        "service-restart",
        "systemd-failed-units",
        "tls-handshake",
        "zombie-processes",
    ]
)
EXAMPLES: Mapping[str, ParameterValue] = {
    "backend_url": "http://127.0.0.1:8080/health",
    "certificate": "/etc/nginx/site.pem",
    "claim": "data-postgres-0",
    "consumer": "orders-worker.service",
    "database": "orders",
    "folder": "/srv/backup",
    "former_limit_mb": 512,
    "group": "orders",
    "host": "api.example.org",
    "limit_mb": 1024,
    "name": "api.example.org",
    "namespace": "shop",
    "node": "node-1.example.org",
    "parent": 4711,
    "pid": 4711,
    "pod": "checkout-6d9f5c7b8-x2x4v",
    "service": "nginx",
    "size_gb": 20,
    "table": "public.orders",
    "unit": "backup.service",
    "url": "https://api.example.org/health?full=1",
    "workload": "deployment/checkout",
}
CATALOG = Catalog.load()
BUILTIN = CATALOG.all
each_runbook = pytest.mark.parametrize("runbook", BUILTIN, ids=lambda runbook: runbook.name)


def bound(runbook: Runbook) -> tuple[BoundStep, ...]:
    given = {p.name: EXAMPLES[p.name] for p in runbook.parameters if p.default is None}
    return bind(runbook, given, {})


def class_of(action: Action) -> CommandClass:
    """What an action does, by the rules for command lines and for SQL."""
    match action:
        case CommandAction(argv=argv):
            return classify(argv).command_class
        case KubernetesAction(argv=argv):
            return classify(("kubectl", *argv)).command_class
        case DockerAction(argv=argv):
            return classify(("docker", *argv)).command_class
        case SqlAction(statement=statement):
            finding = sql.judge(statement)
            return finding.command_class if finding else CommandClass.READ_ONLY
        case _:
            raise TypeError(f"a builtin runbook has a {type(action).__name__}")


def actions(step: BoundStep) -> Iterator[tuple[str, Action]]:
    yield "run", step.action
    if step.preview is not None:
        yield "preview", step.preview
    if step.verify is not None:
        yield "verify", step.verify.action
    if step.rollback is not None:
        yield "rollback", step.rollback


def test_the_builtin_runbooks_are_all_there_and_without_faults() -> None:
    assert CATALOG.faults == ()
    assert {runbook.name for runbook in BUILTIN} == EXPECTED


@each_runbook
def test_a_step_does_what_its_risk_says(runbook: Runbook) -> None:
    for step in bound(runbook):
        reads = step.risk is Risk.READ_ONLY
        for role, action in actions(step):
            looks = role in {"preview", "verify"} or (role == "run" and reads)
            wanted = CommandClass.READ_ONLY if looks else CommandClass.CHANGE
            assert class_of(action) is wanted, f"{step.step_id} {role}: {action}"


@each_runbook
def test_sql_that_changes_says_so(runbook: Runbook) -> None:
    for step in bound(runbook):
        for role, action in actions(step):
            if isinstance(action, SqlAction):
                changes = class_of(action) is CommandClass.CHANGE
                assert action.writes is changes, f"{step.step_id} {role}"


@each_runbook
def test_every_change_can_be_looked_at_before_and_checked_after(runbook: Runbook) -> None:
    for step in runbook.steps:
        if step.risk is not Risk.READ_ONLY:
            assert step.preview is not None, step.step_id
            assert step.verify is not None, step.step_id


@each_runbook
def test_a_change_without_a_rollback_is_said_in_the_summary(runbook: Runbook) -> None:
    one_way = [s for s in runbook.steps if s.risk is not Risk.READ_ONLY and s.rollback is None]
    if one_way:
        said = re.search(r"cannot be|is gone|are gone|cannot return|undone", runbook.summary)
        assert said, runbook.summary
    if runbook.risk is Risk.READ_ONLY:
        assert "Changes nothing." in runbook.summary


@each_runbook
def test_people_and_alerts_can_find_it(runbook: Runbook) -> None:
    assert len(runbook.symptoms) >= 3
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]+", alert) for alert in runbook.alerts)
    for alert in runbook.alerts:
        assert CATALOG.match(f"alert {alert} is firing")[0].runbook is runbook
    for symptom in runbook.symptoms:
        best = CATALOG.match(symptom)
        assert runbook.name in {match.runbook.name for match in best}, symptom


def test_no_alert_belongs_to_two_runbooks() -> None:
    counts = Counter(alert for runbook in BUILTIN for alert in runbook.alerts)
    assert [alert for alert, n in counts.items() if n > 1] == []
    without = {runbook.name for runbook in BUILTIN if not runbook.alerts}
    assert without == {"dns-cache-flush", "package-cache"}  # a person asks for them


@each_runbook
def test_parameters_are_bounded(runbook: Runbook) -> None:
    for parameter in runbook.parameters:
        assert _is_bounded(parameter), parameter.name
        assert parameter.description


def _is_bounded(parameter: Parameter) -> bool:
    match parameter.type:
        case ParameterType.STRING:
            return bool(parameter.pattern or parameter.choices)
        case ParameterType.INTEGER | ParameterType.NUMBER:
            return None not in {parameter.minimum, parameter.maximum}
        case ParameterType.BOOLEAN:
            return True


@each_runbook
def test_a_value_cannot_leave_its_argument_or_become_an_option(runbook: Runbook) -> None:
    for parameter in runbook.parameters:
        if parameter.type is ParameterType.STRING and parameter.pattern:
            pattern = re.compile(parameter.pattern, re.ASCII)
            for hostile in (
                "-x",
                "--help",
                "a b",
                "a;b",
                "$(id)",
                "a'b",
                'a"b',
                "a\nb",
                "",
                "`id`",
            ):
                assert pattern.fullmatch(hostile) is None, f"{parameter.name}: {hostile!r}"


@each_runbook
def test_every_action_ends(runbook: Runbook) -> None:
    for step in runbook.steps:
        assert 0 < step.action.timeout_s <= 7200, step.step_id
        if step.verify is not None:
            assert 0 < step.verify.within_s <= 600, step.step_id


@each_runbook
def test_a_step_fits_on_a_card(runbook: Runbook) -> None:
    assert len(runbook.title) <= 70
    assert len(runbook.summary) <= 500
    for step in bound(runbook):
        assert len(step.title) <= 110, step.title
