"""A runbook and its values become steps with nothing left open.

No shell takes part: a placeholder is replaced inside one argument, and that stays one argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import quote

from .actions.kinds import (
    Action,
    AnsibleAction,
    CommandAction,
    DockerAction,
    ExplainAction,
    HttpAction,
    KubernetesAction,
    ManualAction,
    ParameterValue,
    SqlAction,
    SshAction,
)
from .errors import ParameterError, VariableError
from .loader_texts import ITEM
from .placeholders import Placeholder, fill
from .schema import MAX_ITEMS, Condition, Matrix, Parameter, Retry, Risk, Runbook, Step, Verify
from .values import check_text, coerce, render

_PATH_MOVES = frozenset({".", ".."})
_ONE_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_TEXTS: dict[type, tuple[str, ...]] = {
    CommandAction: ("argv", "cwd", "env"),
    SshAction: ("target", "argv"),
    KubernetesAction: ("target", "argv"),
    DockerAction: ("target", "argv"),
    AnsibleAction: ("target", "arguments", "limit"),
    HttpAction: ("url", "target", "headers", "body"),
    SqlAction: ("target", "values"),
    ManualAction: ("instructions",),
    ExplainAction: ("question",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStep:
    """A step as it will run: every placeholder is filled in.

    Attributes:
        preview: Read-only; may run before anyone approves.
        rollback: Only ever the content of another proposal.
        group: Id of the declared step; several bound steps of one matrix share it.
        item: Which of the matrix's items this is; empty without a matrix.
        concurrency: How many of the group run at once.
        stop_on_failure: After a failure no further step of the group is begun.
    """

    step_id: str
    title: str
    risk: Risk
    action: Action
    preview: Action | None = None
    verify: Verify | None = None
    rollback: Action | None = None
    retry: Retry | None = None
    when: Condition | None = None
    continue_on_failure: bool = False
    group: str = ""
    item: str = ""
    concurrency: int = 1
    stop_on_failure: bool = True


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
    return tuple(bound for step in runbook.steps for bound in filler.steps(step))


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
    item: str = ""

    def steps(self, step: Step) -> Iterator[BoundStep]:
        """One bound step, or one for each item of the step's matrix."""
        if step.matrix is None:
            yield self._step(step)
            return
        items = self._items(step.matrix)
        for item in items:
            bound = replace(self, item=item)._step(step)
            yield replace(
                bound,
                step_id=f"{step.step_id}[{item}]",
                item=item,
                concurrency=min(step.matrix.concurrency, len(items)),
                stop_on_failure=step.matrix.stop_on_failure,
            )

    def _items(self, matrix: Matrix) -> tuple[str, ...]:
        filled = [fill(text, self._word) for text in matrix.over]
        parts = [part.strip() for text in filled for part in text.split(",")]
        items = tuple(dict.fromkeys(part for part in parts if part))
        if not 0 < len(items) <= MAX_ITEMS:
            raise ParameterError(ITEM, f"there must be 1 to {MAX_ITEMS} items, not {len(items)}")
        return items

    def _step(self, step: Step) -> BoundStep:
        verify = step.verify
        return BoundStep(
            step_id=step.step_id,
            title=fill(step.title, self._word),
            risk=step.risk,
            action=self.action(step.action),
            preview=self.action(step.preview) if step.preview else None,
            verify=replace(verify, action=self.action(verify.action)) if verify else None,
            rollback=self.action(step.rollback) if step.rollback else None,
            retry=step.retry,
            when=step.when,
            continue_on_failure=step.continue_on_failure,
            group=step.step_id,
        )

    def action(self, action: Action) -> Action:
        """Fill the texts of an action."""
        texts = _TEXTS.get(type(action), ())
        changes: dict[str, object] = {
            name: self._filled(getattr(action, name), self._words_for(name)) for name in texts
        }
        return replace(action, **changes) if changes else action

    def _words_for(self, name: str) -> Callable[[Placeholder], str]:
        """How a value is written in a field where more than its limits matters."""
        special = {"url": self._url_word, "limit": self._host_word}
        return special.get(name, self._word)

    def _filled(self, value: object, word: Callable[[Placeholder], str]) -> object:
        if isinstance(value, str):
            return fill(value, word)
        if isinstance(value, tuple):
            return tuple(self._argument(text) for text in cast("tuple[str, ...]", value))
        if isinstance(value, Mapping):
            texts = cast("Mapping[str, str]", value)
            return {name: fill(text, self._word) for name, text in texts.items()}
        return value

    def _argument(self, text: str) -> str:
        filled = fill(text, self._word)
        if filled.startswith("-") and not text.startswith("-"):
            self._refuse_option(text)
        return filled

    def _refuse_option(self, text: str) -> None:
        """A text value at the start of an argument must not turn it into an option."""

        def refuse(item: Placeholder) -> str:
            value = None if item.is_variable else self._value(item)
            if isinstance(value, str):
                raise ParameterError(item.name, "may not start with '-'")
            return ""

        fill(text, refuse)

    def _word(self, item: Placeholder) -> str:
        if item.is_variable:
            return self._variable(item.name)
        return render(self._value(item))

    def _value(self, item: Placeholder) -> ParameterValue:
        return self.item if item.name == ITEM else self.values[item.name]

    def _url_word(self, item: Placeholder) -> str:
        if item.is_variable:
            return self._variable(item.name)
        word = quote(render(self._value(item)), safe="")
        if word in _PATH_MOVES:
            raise ParameterError(item.name, f"may not be {word!r}: it would lead to another path")
        return word

    def _host_word(self, item: Placeholder) -> str:
        word = self._word(item)
        if not item.is_variable and not _ONE_HOST.fullmatch(word):
            raise ParameterError(item.name, "must be the name of one host, without patterns")
        return word

    def _variable(self, name: str) -> str:
        value = self.variables.get(name)
        if not value:
            raise VariableError(name)
        fault = check_text(value)
        if fault:
            raise VariableError(name, fault)
        return value
