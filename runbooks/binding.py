"""A runbook and its values become steps with nothing left open.

No shell takes part: a placeholder is replaced inside one argument, and that stays one argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from .errors import ParameterError, VariableError
from .placeholders import Placeholder, fill
from .schema import (
    Action,
    HttpAction,
    Parameter,
    ParameterValue,
    Risk,
    Runbook,
    Step,
    Verify,
)
from .values import check_text, coerce, render


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStep:
    """A step as it will run: every placeholder is filled in.

    Attributes:
        preview: Read-only; may run before anyone approves.
        rollback: Only ever the content of another proposal.
    """

    step_id: str
    title: str
    risk: Risk
    action: Action
    preview: Action | None = None
    verify: Verify | None = None
    rollback: Action | None = None


def bind(
    runbook: Runbook,
    values: Mapping[str, ParameterValue | str],
    variables: Mapping[str, str],
) -> tuple[BoundStep, ...]:
    """Fill a runbook's placeholders.

    Args:
        runbook: A loaded runbook.
        values: What the request gave; text is read as the parameter's type.
        variables: What the operator set, for `{{ vars.name }}`.

    Raises:
        ParameterError: A value is missing (`missing` is true), wrong, or for no parameter.
        VariableError: The runbook refers to a variable that is not set.
    """
    filler = _Filler(values=resolve(runbook, values), variables=variables)
    return tuple(filler.step(step) for step in runbook.steps)


def resolve(
    runbook: Runbook, values: Mapping[str, ParameterValue | str]
) -> dict[str, ParameterValue]:
    """Give every declared parameter its typed value: the given one, else the default.

    Raises:
        ParameterError: As for `bind`.
    """
    declared = {parameter.name: parameter for parameter in runbook.parameters}
    for name in values:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise ParameterError(name, f"{runbook.name} has no such parameter (it has: {known})")
    return {name: _value(parameter, values.get(name)) for name, parameter in declared.items()}


def _value(parameter: Parameter, given: ParameterValue | None) -> ParameterValue:
    if given is not None:
        return coerce(parameter, given)
    if parameter.default is None:
        raise ParameterError(
            parameter.name, f"is needed: {parameter.description}", missing=True
        ) from None
    return parameter.default


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filler:
    values: Mapping[str, ParameterValue]
    variables: Mapping[str, str]

    def step(self, step: Step) -> BoundStep:
        verify = step.verify
        return BoundStep(
            step_id=step.step_id,
            title=fill(step.title, self._word),
            risk=step.risk,
            action=self._action(step.action),
            preview=self._action(step.preview) if step.preview else None,
            verify=replace(verify, action=self._action(verify.action)) if verify else None,
            rollback=self._action(step.rollback) if step.rollback else None,
        )

    def _action(self, action: Action) -> Action:
        if isinstance(action, HttpAction):
            return replace(action, url=fill(action.url, self._url_word))
        return replace(
            action,
            argv=tuple(self._argument(text) for text in action.argv),
            cwd=fill(action.cwd, self._word) if action.cwd is not None else None,
            env={name: fill(text, self._word) for name, text in action.env.items()},
        )

    def _argument(self, text: str) -> str:
        filled = fill(text, self._word)
        if filled.startswith("-") and not text.startswith("-"):
            self._refuse_option(text)
        return filled

    def _refuse_option(self, text: str) -> None:
        """A text value at the start of an argument must not turn it into an option."""

        def refuse(item: Placeholder) -> str:
            value = None if item.is_variable else self.values[item.name]
            if isinstance(value, str):
                raise ParameterError(item.name, "may not start with '-'")
            return ""

        fill(text, refuse)

    def _word(self, item: Placeholder) -> str:
        if item.is_variable:
            return self._variable(item.name)
        return render(self.values[item.name])

    def _url_word(self, item: Placeholder) -> str:
        if item.is_variable:
            return self._variable(item.name)
        return quote(render(self.values[item.name]), safe="")

    def _variable(self, name: str) -> str:
        value = self.variables.get(name)
        if not value:
            raise VariableError(name)
        fault = check_text(value)
        if fault:
            raise VariableError(name, fault)
        return value
