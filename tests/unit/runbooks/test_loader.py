from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.actions.kinds import CommandAction, HttpAction
from runbooks.errors import Fault, RunbookFileError
from runbooks.loader import load, parse
from runbooks.schema import ParameterType, Risk

GOOD = """\
name: restart-web
title: Restart the web service
version: 3
summary: >
  Two
  lines.
services: [web]
symptoms: [web hangs]
alerts: [WebDown]
parameters:
  unit:
    type: string
    description: the unit
    pattern: '[a-z]+'
  wait_s:
    type: integer
    description: seconds to wait
    default: 5
    minimum: 1
    maximum: 60
    unit: s
steps:
  - id: look
    title: Look at {{ unit }}
    risk: read_only
    run: {argv: [sleep, 5]}
  - id: restart
    title: Restart
    risk: medium
    timeout_s: 90
    preview: {argv: [systemctl, status, "{{ unit }}"]}
    run: {argv: [systemctl, restart, "{{ unit }}"]}
    verify:
      http: {url: "http://{{ vars.host }}/health/{{ unit }}", expect_status: 204}
      within_s: 20
    rollback: {argv: [systemctl, stop, "{{ unit }}"], timeout_s: 10}
"""
PATH = Path("x.yaml")
_ASKS_A_MODEL = """\
name: a
title: A
version: 1
summary: s
symptoms: [a]
steps:
  - {id: look, title: Look, risk: read_only, run: {argv: [hostname]}}
  - id: ask
    title: Ask
    risk: read_only
    run: {explain: {of: look, question: "Delete it?"}}
  - {id: act, title: Act, risk: low, when: {step: ask}, run: {argv: [touch, /tmp/a]}}
"""


def _faults(text: str | bytes) -> list[tuple[int, str]]:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(RunbookFileError) as caught:
        parse(content, PATH)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def _line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_whole_file_becomes_a_runbook() -> None:
    runbook = parse(GOOD.encode(), PATH)
    look, restart = runbook.steps
    assert (runbook.name, runbook.version, runbook.summary) == ("restart-web", 3, "Two lines.")
    assert runbook.risk is Risk.MEDIUM
    assert runbook.parameters[1].type is ParameterType.INTEGER
    assert runbook.parameters[1].default == 5
    assert look.action == CommandAction(argv=("sleep", "5"))
    assert restart.action == CommandAction(
        argv=("systemctl", "restart", "{{ unit }}"), timeout_s=90
    )
    assert restart.rollback == CommandAction(argv=("systemctl", "stop", "{{ unit }}"), timeout_s=10)
    assert restart.verify is not None
    assert isinstance(restart.verify.action, HttpAction)
    assert (restart.verify.action.expect_status, restart.verify.within_s) == (204, 20)


def test_the_digest_is_of_the_bytes() -> None:
    assert parse(GOOD.encode(), PATH).digest != parse(GOOD.encode() + b"\n", PATH).digest


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: 3", "version: x", "version must be a number"),
        ("version: 3", "version: 0", "at least 1"),
        ("name: restart-web", "name: Restart Web", "lower-case"),
        ("risk: medium", "risk: huge", "risk must be one of"),
        ("alerts: [WebDown]", "alerts: WebDown", "must be a list"),
        ("services: [web]", "servces: [web]", "has no key 'servces'"),
        ("title: Restart the web service", "title: ''", "title is empty"),
        ("type: integer", "type: whole", "type of parameter 'wait_s' must be one of"),
        ("default: 5", "default: 500", "must be at most 60 s"),
        ("default: 5", "default: soon", "must be a whole number"),
        ("pattern: '[a-z]+'", "pattern: '[a-z'", "not a regular expression"),
        ("minimum: 1", "minimum: 99", "above its maximum"),
        ("title: Look at {{ unit }}", "title: Look at {{ unti }}", "'unti' is not declared"),
        ("title: Look at {{ unit }}", "title: Look at {{ Unit }}", "neither"),
        ("id: look", "id: Look!", "step id"),
        ("run: {argv: [sleep, 5]}", "run: {argv: []}", "list of arguments"),
        ("run: {argv: [sleep, 5]}", "run: {argv: [sleep, yes]}", "put it in quotes"),
        ("run: {argv: [sleep, 5]}", "run: {cmd: sleep}", "has no key 'cmd'"),
        ("run: {argv: [sleep, 5]}", "run: {argv: [bash, -c, x]}", "is a shell"),
        ("run: {argv: [sleep, 5]}", "run: {argv: [/bin/sh, x]}", "is a shell"),
        ("run: {argv: [sleep, 5]}", 'run: {argv: ["{{ unit }}"]}', "cannot come from a parameter"),
        ("run: {argv: [sleep, 5]}", "run: {argv: [a], env: {PATH: /x}}", "which code runs"),
        ("run: {argv: [sleep, 5]}", "run: {argv: [a], env: {LD_PRELOAD: /x}}", "which code runs"),
        ("timeout_s: 90", "timeout_s: -1", "more than 0"),
        ("expect_status: 204", "expect_status: 20", "100 to 599"),
        ("expect_status: 204", "method: DELETE", "method of verify"),
        ("http://{{ vars.host }}", "ftp://{{ vars.host }}", "must start with http"),
        ("http://{{ vars.host }}", "http://{{ unit }}", "host of a url"),
    ],
)
def test_a_fault_names_its_line(old: str, new: str, message: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert any(line == _line_of(text, new) and message in found for line, found in _faults(text)), (
        _faults(text)
    )


def test_all_faults_of_a_file_are_reported_in_line_order() -> None:
    text = GOOD.replace("version: 3", "version: x").replace("risk: medium", "risk: huge")
    lines = [line for line, _ in _faults(text)]
    assert lines == sorted(lines)
    assert len(lines) == 2


def test_missing_keys_are_named() -> None:
    messages = " ".join(message for _, message in _faults("name: a-b\n"))
    for key in ("title", "version", "summary", "steps"):
        assert f"'{key}'" in messages


def test_a_repeated_key_is_a_fault_at_the_second_one() -> None:
    assert _faults(GOOD + "version: 4\n") == [
        (GOOD.count("\n") + 1, "a runbook has the key 'version' twice")
    ]


def test_a_repeated_step_id_is_a_fault() -> None:
    assert any("used twice" in text for _, text in _faults(GOOD.replace("id: restart", "id: look")))


def test_text_that_is_put_in_quotes_needs_a_bounded_parameter() -> None:
    text = GOOD.replace("    pattern: '[a-z]+'\n", "").replace(
        "argv: [sleep, 5]", "argv: [psql, \"select '{{ unit }}'\"]"
    )
    assert any("give it a pattern" in message for _, message in _faults(text))


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", 1, "empty"),
        (b"a: [", 1, "not YAML"),
        (b"a: 1\n\xff\xfe", 2, "not UTF-8"),
        (b"a: 1\nb: \x07", 2, "not YAML"),
        (b"- a", 1, "must be a mapping"),
        (b"a: &x 1\nb: *x", 1, "anchors and aliases"),
        (b"a: 1\n---\nb: 2", 2, "not YAML"),
        (b"[" * 50, 1, "nested deeper"),
        (b"x" * 200_000, 1, "larger than"),
    ],
)
def test_what_is_no_plain_yaml_is_one_fault(content: bytes, line: int, message: str) -> None:
    ((found_line, found),) = _faults(content)
    assert (found_line, message in found) == (line, True), found


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(40))
    ((_, message),) = _faults(bomb)
    assert "aliases" in message


def test_an_unreadable_file_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(RunbookFileError) as caught:
        load(tmp_path / "none.yaml")
    (fault,) = caught.value.faults
    assert isinstance(fault, Fault)
    assert "cannot be read" in fault.message


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_runbook_or_faults(content: bytes) -> None:
    with pytest.raises(RunbookFileError):
        parse(content, PATH)


@given(st.data())
def test_a_damaged_file_gives_a_runbook_or_faults_with_lines_inside(data: st.DataObject) -> None:
    lines = GOOD.splitlines()
    del lines[data.draw(st.integers(0, len(lines) - 1))]
    text = "\n".join(lines)
    try:
        parse(text.encode(), PATH)
    except RunbookFileError as exc:
        assert all(1 <= fault.line <= len(lines) + 1 for fault in exc.faults)


def test_a_go_template_is_no_placeholder() -> None:
    text = GOOD.replace("argv: [sleep, 5]", 'argv: [docker, ps, --format, "{{.Names}} {{json .}}"]')
    action = parse(text.encode(), PATH).steps[0].action
    assert isinstance(action, CommandAction)
    assert action.argv[-1] == "{{.Names}} {{json .}}"


def test_a_fault_reads_like_a_compiler_message() -> None:
    fault = Fault(path=Path("a.yaml"), line=7, message="is wrong")
    assert str(fault) == "a.yaml:7: is wrong"
    assert dedent(str(RunbookFileError((fault,)))) == "a.yaml:7: is wrong"


def test_no_step_may_hang_on_what_a_model_said() -> None:
    ((line, message),) = _faults(_ASKS_A_MODEL)
    assert (line, "a model's words decide nothing" in message) == (12, True)
