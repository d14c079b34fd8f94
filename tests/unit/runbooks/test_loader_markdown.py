from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runbooks.actions.kinds import CommandAction, ManualAction
from runbooks.binding import bind
from runbooks.catalog import Catalog
from runbooks.commands.classify import CommandClass, classify
from runbooks.errors import ParameterError, ProposalError, RunbookFileError
from runbooks.filled import check_filled
from runbooks.loader import parse
from runbooks.schema import ParameterType, Risk, Runbook

PAGE = """\
---
name: stuck-worker
description: Look at a worker that is stuck, then restart it.
symptoms: [worker is stuck]
alerts: [WorkerStuck]
parameters:
  lines: {type: integer, description: how many lines, default: 50, minimum: 1, maximum: 1000}
license: MIT
---
# Stuck worker

First see what it says:

```bash
journalctl -u $UNIT -n <lines> --no-pager
# a comment
systemctl status \\
  $UNIT --no-pager
```

Then restart it:

```console
$ systemctl restart ${UNIT}
Job for worker.service started.
```

Never forget the queue:

```sh
rm -rf /var/spool/$UNIT/*
curl -s http://localhost/q | sh
docker ps --format '{{.Names}}'
dmesg | grep -i error
```

```python
print("not a shell")
```
"""


def _load(text: str = PAGE) -> Runbook:
    return parse(text.encode(), Path("page.md"))


def _faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(RunbookFileError) as caught:
        _load(text)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def test_head_and_commands_are_read() -> None:
    runbook = _load()
    assert (runbook.name, runbook.title, runbook.version) == ("stuck-worker", "Stuck worker", 1)
    assert runbook.alerts == ("WorkerStuck",)
    assert [step.title for step in runbook.steps][:3] == [
        "First see what it says",
        "First see what it says",
        "Then restart it",
    ]
    actions = [step.action for step in runbook.steps]
    argvs = [action.argv for action in actions if isinstance(action, CommandAction)]
    assert argvs == [
        ("journalctl", "-u", "{{ unit }}", "-n", "{{ lines }}", "--no-pager"),
        ("systemctl", "status", "{{ unit }}", "--no-pager"),
        ("systemctl", "restart", "{{ unit }}"),
        ("docker", "ps", "--format", "{{.Names}}"),
    ]


def test_the_class_of_a_command_decides_risk_and_whether_it_can_run_at_all() -> None:
    runbook = _load()
    risks = [(type(step.action).__name__, step.risk) for step in runbook.steps]
    assert risks == [
        ("CommandAction", Risk.READ_ONLY),
        ("CommandAction", Risk.READ_ONLY),
        ("CommandAction", Risk.MEDIUM),
        ("ManualAction", Risk.MEDIUM),
        ("ManualAction", Risk.MEDIUM),
        ("CommandAction", Risk.READ_ONLY),
        ("ManualAction", Risk.MEDIUM),
    ]


def test_a_manual_step_shows_the_text_and_the_reason() -> None:
    shown = [s.action.instructions for s in _load().steps if isinstance(s.action, ManualAction)]
    assert "rm -rf /var/spool/$UNIT/*" in shown[0]
    assert all(text.startswith("Not run by opsbot: ") for text in shown)
    assert "opsbotvalue" not in "".join(shown)


def test_what_is_open_in_a_command_must_be_filled() -> None:
    runbook = _load()
    unit = next(parameter for parameter in runbook.parameters if parameter.name == "unit")
    assert unit.default is None
    assert next(p for p in runbook.parameters if p.name == "lines").type is ParameterType.INTEGER
    with pytest.raises(ParameterError, match="unit"):
        bind(runbook, {}, {})
    steps = bind(runbook, {"unit": "worker"}, {})
    assert steps[0].action == CommandAction(
        argv=("journalctl", "-u", "worker", "-n", "50", "--no-pager")
    )


@pytest.mark.parametrize("value", ["--now", "a b", "$(reboot)", "a;b", ""])
def test_a_value_that_could_be_more_than_a_word_is_refused(value: str) -> None:
    with pytest.raises(ParameterError):
        bind(_load(), {"unit": value}, {})


@pytest.mark.parametrize(
    ("command", "values"),
    [("cat <file>", {"file": "/etc/shadow"}), ("cat $FILE", {"file": "/root/.ssh/id_ed25519"})],
)
def test_values_that_make_a_command_worse_are_refused(
    command: str, values: Mapping[str, str]
) -> None:
    runbook = _load(f"---\nname: a\ndescription: d\n---\n```sh\n{command}\n```\n")
    assert runbook.steps[0].risk is Risk.READ_ONLY
    check_filled(runbook, bind(runbook, {"file": "/var/log/syslog"}, {}))
    with pytest.raises(ProposalError, match="step-1"):
        check_filled(runbook, bind(runbook, values, {}))


@pytest.mark.parametrize(
    "command",
    [
        "kubectl delete pod $(kubectl get pods -o name)",
        "for pod in a b; do kubectl delete pod $pod; done",
        "sudo systemctl restart nginx",
        "echo hi > /etc/motd",
        "FOO=$(cat /etc/shadow)",
        "unknown-tool --fix",
        "kubectl $VERB pod web-1",
        "cat <<EOF",
        "helm template --set a={{ b }} .",
        "LD_PRELOAD=/tmp/x.so ls",
    ],
)
def test_what_is_not_understood_never_becomes_a_command(command: str) -> None:
    runbook = _load(f"---\nname: a\ndescription: d\n---\n```bash\n{command}\n```\n")
    (step,) = runbook.steps
    assert isinstance(step.action, ManualAction)
    bind(runbook, {p.name: "x" for p in runbook.parameters}, {})


def test_every_step_that_runs_is_of_the_class_it_says() -> None:
    runbook = _load()
    for step in bind(runbook, {"unit": "worker"}, {}):
        if isinstance(step.action, CommandAction):
            wanted = CommandClass.READ_ONLY if step.risk is Risk.READ_ONLY else CommandClass.CHANGE
            assert classify(step.action.argv).command_class is wanted


def test_prose_is_never_read_only_as_a_whole() -> None:
    runbook = _load("---\nname: a\ndescription: d\n---\n```sh\nuptime\n```\n")
    assert runbook.steps[0].risk is Risk.READ_ONLY
    assert runbook.risk is Risk.LOW


def test_faults_name_the_line_in_the_file() -> None:
    assert _faults("---\nname: Bad Name\ndescription: d\nrisk: low\n---\n```sh\nls\n```\n") == [
        (2, "name 'Bad Name' must be lower-case words joined by '-'"),
        (4, _faults_key("risk")),
    ]
    assert _faults("---\nname: a\n") == [
        (1, "the front matter must stand between two lines of '---'")
    ]
    assert _faults("---\nname: a\ndescription: d\n---\nno commands\n")[0][1].startswith("the text")


def _faults_key(key: str) -> str:
    keys = "name, description, title, version, services, symptoms, alerts, synonyms, parameters"
    return (
        f"front matter has no key {key!r} (it has: {keys}, license, compatibility, metadata, "
        "allowed-tools, author, tags)"
    )


def test_a_folder_may_hold_both_forms_and_prose_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "SKILL.md").write_text(PAGE)
    (tmp_path / "README.md").write_text("# Nothing to run\n")
    catalog = Catalog.load([tmp_path])
    assert catalog.faults == ()
    assert catalog.choose("alertname=WorkerStuck").matches[0].runbook.name == "stuck-worker"
