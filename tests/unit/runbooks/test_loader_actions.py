"""Steps on targets, in YAML: what is read of them, and every fault with its line."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from runbooks.actions.kinds import (
    Action,
    AnsibleAction,
    DockerAction,
    HttpAction,
    KubernetesAction,
    SqlAction,
    SshAction,
)
from runbooks.errors import RunbookFileError
from runbooks.loader import load, parse

HEAD = """\
name: x
title: X
version: 1
summary: S
parameters:
  unit: {type: string, description: d}
  count: {type: integer, description: d}
steps:
"""
STEP = """\
  - id: a
    title: A
    risk: medium
"""
WRITING = """{sql: {target: db, max_rows: 5, writes: true, values: {id: "{{ count }}"},
      statement: 'delete from t where id = :id'}}"""
PATH = Path("x.yaml")
FIRST_LINE = HEAD.count("\n") + STEP.count("\n") + 1


def action(text: str) -> Action:
    return parse(f"{HEAD}{STEP}    run: {text}\n".encode(), PATH).steps[0].action


def faults(body: str, step: str = STEP) -> list[tuple[int, str]]:
    with pytest.raises(RunbookFileError) as caught:
        parse(f"{HEAD}{step}{body}".encode(), PATH)
    return [(fault.line - FIRST_LINE, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            '{ssh: {target: web, argv: [systemctl, restart, "{{ unit }}"]}, timeout_s: 9}',
            SshAction(target="web", argv=("systemctl", "restart", "{{ unit }}"), timeout_s=9),
        ),
        (
            "{kubernetes: {argv: [rollout, undo, deploy/web], target: prod}}",
            KubernetesAction(argv=("rollout", "undo", "deploy/web"), target="prod"),
        ),
        (
            '{docker: {argv: [restart, "{{ unit }}"]}}',
            DockerAction(argv=("restart", "{{ unit }}")),
        ),
        (
            '{ansible: {module: service, arguments: {name: "{{ unit }}"}, limit: web, check: true}}',
            AnsibleAction(
                module="service", arguments={"name": "{{ unit }}"}, limit="web", check=True
            ),
        ),
        (
            WRITING,
            SqlAction(
                target="db",
                statement="delete from t where id = :id",
                writes=True,
                values={"id": "{{ count }}"},
                max_rows=5,
            ),
        ),
        (
            "{http: {url: /reload, target: api, method: POST, body: x, headers: {X-A: b}}}",
            HttpAction(url="/reload", target="api", method="POST", body="x", headers={"X-A": "b"}),
        ),
    ],
)
def test_every_kind_is_read(text: str, wanted: Action) -> None:
    assert action(text) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ssh: {argv: [ls]}}", "ssh has no 'target'"),
        ("{ssh: {target: web, argv: [bash, -c, ls]}}", "bash is a shell"),
        ('{ssh: {target: web, argv: ["{{ unit }}"]}}', "the program to run cannot come from"),
        ('{kubernetes: {argv: ["{{ unit }}"]}}', "the first word of a command cannot come"),
        ("{docker: {argv: []}}", "must be a list of arguments"),
        ("{ansible: {limit: web}}", "either 'module' or 'playbook'"),
        ("{ansible: {module: shell}}", "runs free text"),
        ('{ansible: {module: "{{ unit }}"}}', "may not hold a placeholder"),
        ('{sql: {target: db, statement: "select {{ count }}"}}', "takes its values from 'values'"),
        ('{sql: {target: db, statement: "select :a"}}', ":a is not among the values"),
        ("{sql: {target: db, statement: select 1, values: {a: b}}}", "'a' is not used"),
        ("{sql: {target: db, statement: select 1; select 2}}", "more than one statement"),
        ("{sql: {target: db, statement: delete from t where a = 1}}", "may only read"),
        ("{sql: {target: db, statement: drop table t, writes: true}}", "destroys data"),
        ("{sql: {target: db, statement: select 1, max_rows: 0}}", "from 1 to 1000"),
        ("{http: {url: //evil/x, target: api}}", "a path that starts with /"),
        ("{http: {url: /x, target: api, headers: {Authorization: x}}}", "holds credentials"),
        ("{ssh: {target: web, argv: [ls]}, docker: {argv: [ps]}}", "exactly one of"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(text: str, message: str) -> None:
    found = faults(f"    run: {text}\n")
    assert any(line == 0 and message in said for line, said in found), found


@pytest.mark.parametrize("place", ["preview", "verify"])
@pytest.mark.parametrize(
    "text",
    [
        "{argv: [systemctl, restart, web]}",
        "{argv: [rm, -rf, /srv]}",
        "{ssh: {target: web, argv: [systemctl, stop, web]}}",
        "{kubernetes: {argv: [delete, pod, web-0]}}",
        "{docker: {argv: [restart, web]}}",
        "{ansible: {module: service}}",
        "{sql: {target: db, statement: delete from t where a = 1, writes: true}}",
        "{http: {url: /x, target: api, method: POST}}",
        "{wait: {seconds: 5}}",
        "{manual: {instructions: look}}",
    ],
)
def test_a_look_that_changes_something_is_a_fault(place: str, text: str) -> None:
    found = faults(f"    {place}: {text}\n    run: {{argv: [sync]}}\n")
    assert {line for line, _ in found} == {0}


@pytest.mark.parametrize("place", ["preview", "verify"])
@pytest.mark.parametrize(
    "text",
    [
        '{argv: [systemctl, status, "{{ unit }}", --no-pager]}',
        '{kubernetes: {argv: [get, pods, "-l", "app={{ unit }}"]}}',
        "{docker: {argv: [ps]}}",
        "{ssh: {target: web, argv: [df, -h]}}",
        "{argv: [/opt/checks/own-script, --now]}",
        "{sql: {target: db, statement: select 1}}",
    ],
)
def test_a_look_that_reads_or_is_the_operators_own_is_taken(place: str, text: str) -> None:
    parse(f"{HEAD}{STEP}    {place}: {text}\n    run: {{argv: [sync]}}\n".encode(), PATH)


def test_a_read_only_step_is_held_to_its_word() -> None:
    step = STEP.replace("medium", "read_only")
    ((line, message),) = faults("    run: {argv: [systemctl, restart, web]}\n", step)
    assert (line, message.split(":")[0]) == (0, "run must change nothing here")


BUILTIN = Path(str(files("runbooks").joinpath("builtin")))


@pytest.mark.parametrize("path", sorted(BUILTIN.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_builtin_runbook_is_held_to_the_same(path: Path) -> None:
    assert load(path).steps
