"""The `steps` of a runbook's YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .actions.kinds import Action, ExplainAction
from .loader_actions import ACTION_FIELDS, ActionReader
from .loader_conditions import ConditionReader
from .loader_safety import change_in
from .loader_texts import Texts
from .schema import Parameter, Risk, Step, Verify
from .yaml_tree import Fields, Node, Tree

_REQUIRED = ("id", "title", "risk", "run")
_OPTIONAL = (
    "preview",
    "verify",
    "rollback",
    "timeout_s",
    "retry",
    "when",
    "matrix",
    "continue_on_failure",
)
STEP_ID = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_RISKS = ", ".join(Risk)
MAX_STEPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReader:
    """Reads steps with what surrounds them."""

    texts: Texts

    @property
    def tree(self) -> Tree:
        """The file being read."""
        return self.texts.tree

    def read(self, node: Node | None) -> tuple[Step, ...]:
        """Read all steps; there must be at least one, with distinct ids."""
        items = self.tree.read_items(node, "steps")
        if node is not None and not items:
            self.tree.fault(node, "steps must have at least one step")
        if len(items) > MAX_STEPS:
            self.tree.fault(node, f"a runbook has at most {MAX_STEPS} steps")
        steps: dict[str, Step] = {}
        for item in items:
            step = self._step(item)
            if step is not None and step.step_id in steps:
                self.tree.fault(item, f"step id {step.step_id!r} is used twice")
            elif step is not None:
                self._check_references(item, step, steps)
                steps[step.step_id] = step
        return tuple(steps.values())

    def _step(self, node: Node) -> Step | None:
        tree = self.tree
        fields = tree.read_fields(node, "a step", required=_REQUIRED, optional=_OPTIONAL)
        texts = replace(self.texts, has_item="matrix" in fields)
        conditions = ConditionReader(texts=self.texts)
        reader = _Around(texts=texts, fields=fields)
        step_id = self._step_id(fields.get("id"))
        title = texts.text(fields.get("title"), "title")
        risk = self._risk(fields.get("risk"))
        action = reader.action("run")
        preview = reader.action("preview", safe=True)
        rollback = reader.action("rollback")
        verify = reader.verify(conditions)
        if risk is Risk.READ_ONLY and action is not None:
            reader.hold_to_reading("run", action)
        if step_id is None or title is None or risk is None or action is None:
            return None
        return Step(
            step_id=step_id,
            title=title,
            risk=risk,
            action=action,
            preview=preview,
            verify=verify,
            rollback=rollback,
            retry=conditions.retry(fields.get("retry")),
            when=conditions.when(fields.get("when")),
            matrix=conditions.matrix(fields.get("matrix")),
            continue_on_failure=texts.flag(
                fields.get("continue_on_failure"), "continue_on_failure"
            ),
        )

    def _check_references(self, node: Node, step: Step, earlier: dict[str, Step]) -> None:
        wanted = [step.when.step_id] if step.when is not None else []
        if isinstance(step.action, ExplainAction):
            wanted.append(step.action.of)
        for step_id in wanted:
            if step_id not in earlier:
                self.tree.fault(
                    node, f"step {step.step_id!r} refers to {step_id!r}: no step before"
                )
        when = earlier.get(step.when.step_id) if step.when is not None else None
        if when is not None and isinstance(when.action, ExplainAction):
            fault = (
                f"step {step.step_id!r} hangs on {when.step_id!r}: a model's words decide nothing"
            )
            self.tree.fault(node, fault)

    def _step_id(self, node: Node | None) -> str | None:
        text = self.tree.read_text(node, "id")
        if text is not None and not STEP_ID.fullmatch(text):
            self.tree.fault(node, f"step id {text!r} must be lower-case words joined by '-'")
            return None
        return text

    def _risk(self, node: Node | None) -> Risk | None:
        text = self.tree.read_text(node, "risk")
        if text is None:
            return None
        try:
            return Risk(text)
        except ValueError:
            self.tree.fault(node, f"risk must be one of {_RISKS}, not {text!r}")
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """Reads a step's action and the actions around it."""

    texts: Texts
    fields: Fields

    def action(self, name: str, *, safe: bool = False) -> Action | None:
        node = self.fields.get(name)
        if node is None:
            return None
        inner = self.texts.tree.read_fields(node, name, required=(), optional=ACTION_FIELDS)
        action = self._actions.read(node, inner, name, self._timeout_s, safe=safe)
        if safe and action is not None:
            self.hold_to_reading(name, action)
        return action

    def hold_to_reading(self, name: str, action: Action) -> None:
        """An action that is known to change something may not stand where one only looks."""
        reason = change_in(action)
        if reason is not None:
            fault = f"{name} must change nothing here: {reason}"
            self.texts.tree.fault(self.fields.get(name), fault)

    def verify(self, conditions: ConditionReader) -> Verify | None:
        node = self.fields.get("verify")
        if node is None:
            return None
        inner = self.texts.tree.read_fields(
            node, "verify", required=(), optional=(*ACTION_FIELDS, "within_s", "expect")
        )
        within_s = self.texts.seconds(inner.get("within_s"), "within_s")
        rest = {name: value for name, value in inner.items() if name in ACTION_FIELDS}
        action = self._actions.read(node, rest, "verify", self._timeout_s, safe=True)
        expect = conditions.expect(inner.get("expect"))
        if action is None:
            return None
        self.hold_to_reading("verify", action)
        default = Verify(action=action, expect=expect)
        return default if within_s is None else replace(default, within_s=within_s)

    @property
    def _actions(self) -> ActionReader:
        return ActionReader(texts=self.texts)

    @property
    def _timeout_s(self) -> float | None:
        node = self.fields.get("timeout_s")
        # NOTE: read once for each action; a fault is noted once, for faults are a set in the end.
        return self.texts.seconds(node, "timeout_s")


def read_steps(
    tree: Tree, node: Node | None, parameters: tuple[Parameter, ...]
) -> tuple[Step, ...]:
    """Read all steps of a runbook whose parameters are known."""
    return StepReader(texts=Texts(tree=tree, parameters=parameters)).read(node)
