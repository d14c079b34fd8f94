from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.actions.kinds import CommandAction, HttpAction, ParameterValue
from runbooks.binding import bind, resolve
from runbooks.canonical import canonical
from runbooks.errors import ParameterError, VariableError
from runbooks.schema import Parameter, ParameterType, Risk, Runbook, Step, Verify


def _parameter(kind: ParameterType = ParameterType.STRING, **limits: object) -> Parameter:
    return Parameter(name="value", type=kind, description="a value", **limits)  # pyright: ignore[reportArgumentType]


def _runbook(parameter: Parameter, *argv: str) -> Runbook:
    action = CommandAction(argv=("echo", *(argv or ("{{ value }}",))))
    step = Step(
        step_id="a",
        title="Say {{ value }}",
        risk=Risk.LOW,
        action=action,
        preview=action,
        verify=Verify(action=HttpAction(url="http://{{ vars.host }}/{{ value }}")),
    )
    return Runbook(
        name="a",
        title="A",
        version=1,
        summary="s",
        steps=(step,),
        parameters=(parameter,),
        source=Path("a.yaml"),
        digest="0",
    )


def _argv(parameter: Parameter, value: ParameterValue, *argv: str) -> tuple[str, ...]:
    (step,) = bind(_runbook(parameter, *argv), {"value": value}, {"host": "h:80"})
    assert isinstance(step.action, CommandAction)
    return step.action.argv


@given(
    st.text(
        alphabet=st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=99
    ).filter(
        lambda text: text not in {".", ".."}  # which no URL takes
    )
)
def test_one_value_stays_inside_one_argument(text: str) -> None:
    argv = _argv(_parameter(), text, "--x={{ value }}", "end")
    assert argv == ("echo", f"--x={text}", "end")


def test_a_value_is_not_looked_at_for_placeholders_again() -> None:
    assert _argv(_parameter(), "{{ vars.host }}")[1] == "{{ vars.host }}"


def test_every_part_of_a_step_is_filled() -> None:
    (step,) = bind(_runbook(_parameter()), {"value": "a b/c"}, {"host": "h:80"})
    assert step.title == "Say a b/c"
    assert step.preview == CommandAction(argv=("echo", "a b/c"))
    assert step.verify is not None
    assert step.verify.action == HttpAction(url="http://h:80/a%20b%2Fc")


def test_a_missing_value_can_be_asked_for() -> None:
    with pytest.raises(ParameterError) as caught:
        bind(_runbook(_parameter()), {}, {"host": "h"})
    assert (caught.value.name, caught.value.missing) == ("value", True)
    assert "a value" in caught.value.reason


def test_a_default_is_used() -> None:
    assert resolve(_runbook(_parameter(default="d")), {}) == {"value": "d"}


def test_an_undeclared_value_is_refused() -> None:
    with pytest.raises(ParameterError, match="no such parameter"):
        resolve(_runbook(_parameter()), {"value": "x", "other": "y"})


def test_an_unset_variable_is_named() -> None:
    with pytest.raises(VariableError, match="'host'"):
        bind(_runbook(_parameter()), {"value": "x"}, {})


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "a\u200bb", "a\u202eb", "\u2028", "", "x" * 501])
def test_invisible_or_endless_text_is_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        _argv(_parameter(), text)


def test_text_cannot_become_an_option() -> None:
    with pytest.raises(ParameterError, match="may not start with '-'"):
        _argv(_parameter(), "--output=/etc/x")
    assert _argv(_parameter(), "-x", "--name={{ value }}")[1] == "--name=-x"


def test_a_negative_number_is_a_number() -> None:
    assert _argv(_parameter(ParameterType.INTEGER), -5)[1] == "-5"


@pytest.mark.parametrize(
    ("kind", "text", "written"),
    [
        (ParameterType.INTEGER, " 42 ", "42"),
        (ParameterType.NUMBER, "0.5", "0.5"),
        (ParameterType.NUMBER, 3, "3"),
        (ParameterType.BOOLEAN, "yes", "true"),
        (ParameterType.BOOLEAN, False, "false"),
        (ParameterType.STRING, 7, "7"),
    ],
)
def test_text_is_read_as_the_declared_type(
    kind: ParameterType, text: ParameterValue, written: str
) -> None:
    assert _argv(_parameter(kind), text)[1] == written


@pytest.mark.parametrize(
    ("kind", "limits", "value"),
    [
        (ParameterType.INTEGER, {}, "1.5"),
        (ParameterType.INTEGER, {}, "1; reboot"),
        (ParameterType.INTEGER, {}, True),
        (ParameterType.INTEGER, {"minimum": 2.0}, 1),
        (ParameterType.INTEGER, {"maximum": 2.0}, 3),
        (ParameterType.NUMBER, {}, "nan"),
        (ParameterType.NUMBER, {}, float("inf")),
        (ParameterType.BOOLEAN, {}, "maybe"),
        (ParameterType.STRING, {"pattern": "[a-z]+"}, "abc1"),
        (ParameterType.STRING, {"pattern": "[a-z]+"}, "abc\n"),
        (ParameterType.STRING, {"choices": ("a", "b")}, "c"),
    ],
)
def test_a_value_outside_its_limits_is_refused(
    kind: ParameterType, limits: dict[str, object], value: ParameterValue
) -> None:
    with pytest.raises(ParameterError):
        resolve(_runbook(_parameter(kind, **limits)), {"value": value})


def test_the_canonical_form_does_not_depend_on_the_order_of_keys() -> None:
    assert (
        canonical({"b": 1, "a": (1, 2)}) == canonical({"a": [1, 2], "b": 1}) == b'{"a":[1,2],"b":1}'
    )


def test_records_of_different_kinds_differ() -> None:
    command, request = CommandAction(argv=("a",)), HttpAction(url="a")
    assert b'"is":"CommandAction"' in canonical(command)
    assert canonical(command) != canonical(request)


def test_any_change_of_a_step_changes_its_canonical_form() -> None:
    one, other = (bind(_runbook(_parameter()), {"value": v}, {"host": "h"}) for v in ("x", "y"))
    assert canonical(one) != canonical(other)
    assert canonical(one) == canonical(bind(_runbook(_parameter()), {"value": "x"}, {"host": "h"}))


def test_one_moment_has_one_canonical_form() -> None:
    moment = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert canonical(moment) == canonical(moment.astimezone(timezone(timedelta(hours=5))))


@pytest.mark.parametrize("value", [{1, 2}, b"x", datetime(2024, 1, 1), {1: 2}])  # noqa: DTZ001
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_a_number_that_is_not_finite_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


@pytest.mark.parametrize(
    "kind", [ParameterType.INTEGER, ParameterType.NUMBER, ParameterType.BOOLEAN]
)
def test_a_wrong_value_is_quoted_without_its_secrets(kind: ParameterType) -> None:
    key = "ghp_" + "a1" * 12
    with pytest.raises(ParameterError) as caught:
        _argv(_parameter(kind), key)
    assert key not in str(caught.value)


def test_a_wrong_value_of_a_parameter_that_is_a_secret_is_not_quoted() -> None:
    password = Parameter(
        name="password", type=ParameterType.STRING, description="p", pattern="[0-9]+"
    )
    with pytest.raises(ParameterError, match="must look like") as caught:
        resolve(_runbook(password), {"password": "hunter2hunter2"})
    assert "hunter2" not in str(caught.value)
