"""Values in actions on targets: a value stays one value, and stays where it was put."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.actions.kinds import (
    Action,
    AnsibleAction,
    DockerAction,
    HttpAction,
    KubernetesAction,
    SqlAction,
    SshAction,
)
from runbooks.binding import bind
from runbooks.errors import ParameterError
from runbooks.schema import Parameter, ParameterType, Risk, Runbook, Step

ANY = st.text(min_size=1, max_size=30)


def bound(action: Action, value: str) -> Action:
    runbook = Runbook(
        name="x",
        title="X",
        version=1,
        summary="S",
        steps=(Step(step_id="a", title="A", risk=Risk.LOW, action=action),),
        parameters=(Parameter(name="name", type=ParameterType.STRING, description="d"),),
        source=Path("x.yaml"),
        digest="0",
    )
    return bind(runbook, {"name": value}, {})[0].action


@given(value=ANY)
def test_a_value_is_one_argument_and_no_option(value: str) -> None:
    argv = ("restart", "{{ name }}", "--now")
    for action in (
        SshAction(target="web", argv=argv),
        KubernetesAction(target="web", argv=argv),
        DockerAction(target="web", argv=argv),
    ):
        try:
            filled = bound(action, value)
        except ParameterError:
            continue
        assert filled == replace(action, argv=("restart", value, "--now"))
        assert not value.startswith("-")


@given(value=ANY)
def test_a_value_is_no_part_of_a_statement(value: str) -> None:
    action = SqlAction(target="db", statement="select 1 where :x = 'a'", values={"x": "{{ name }}"})
    try:
        filled = bound(action, value)
    except ParameterError:
        return
    assert filled == replace(action, values={"x": value})


@given(value=ANY)
def test_a_value_is_one_part_of_a_path(value: str) -> None:
    action = HttpAction(target="api", url="/v1/{{ name }}/reload")
    try:
        filled = bound(action, value)
    except ParameterError:
        return
    assert isinstance(filled, HttpAction)
    parts = filled.url.split("/")
    assert (len(parts), parts[1], parts[3]) == (4, "v1", "reload")
    assert parts[2] not in {".", "..", ""}
    assert not set(filled.url) & set("?#\\@ ")


@pytest.mark.parametrize("value", [".", ".."])
def test_a_value_does_not_walk_up_a_path(value: str) -> None:
    with pytest.raises(ParameterError, match="another path"):
        bound(HttpAction(target="api", url="/v1/{{ name }}"), value)


@given(value=ANY)
def test_a_value_in_a_limit_is_one_host(value: str) -> None:
    try:
        filled = bound(AnsibleAction(module="ping", limit="{{ name }}"), value)
    except ParameterError:
        return
    assert isinstance(filled, AnsibleAction)
    assert not set(filled.limit) & set(",:;!&*?[]@~ ")


@pytest.mark.parametrize("value", ["all,web", "web*", "!web", "~web.*", "@/etc/passwd", "a:b"])
def test_a_value_does_not_widen_a_limit(value: str) -> None:
    with pytest.raises(ParameterError, match="one host"):
        bound(AnsibleAction(module="ping", limit="{{ name }}"), value)
