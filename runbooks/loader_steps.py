"""The `steps` of a runbook's YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .loader_actions import ACTION_FIELDS, ActionReader
from .schema import Action, Parameter, Risk, Step, Verify
from .yaml_tree import Fields, Node, Tree

_REQUIRED = ("id", "title", "risk", "run")
_OPTIONAL = ("preview", "verify", "rollback", "timeout_s")
_STEP_ID = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_RISKS = ", ".join(Risk)
_MAX_STEPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReader:
    """Reads steps with their checks; the commands in them are `actions`' work."""

    tree: Tree
    actions: ActionReader

    def read(self, node: Node | None) -> tuple[Step, ...]:
        """Read all steps; there must be at least one, with distinct ids."""
        items = self.tree.read_items(node, "steps")
        if node is not None and not items:
            self.tree.fault(node, "steps must have at least one step")
        if len(items) > _MAX_STEPS:
            self.tree.fault(node, f"a runbook has at most {_MAX_STEPS} steps")
        steps: dict[str, Step] = {}
        for item in items:
            step = self._step(item)
            if step is not None and step.step_id in steps:
                self.tree.fault(item, f"step id {step.step_id!r} is used twice")
            elif step is not None:
                steps[step.step_id] = step
        return tuple(steps.values())

    def _step(self, node: Node) -> Step | None:
        tree = self.tree
        fields = tree.read_fields(node, "a step", required=_REQUIRED, optional=_OPTIONAL)
        step_id = self._step_id(fields.get("id"))
        title = self.actions.text(fields.get("title"), "title")
        risk = self._risk(fields.get("risk"))
        timeout_s = self.actions.seconds(fields.get("timeout_s"), "timeout_s")
        action = self._action(fields, "run", timeout_s)
        preview = self._action(fields, "preview", timeout_s, safe=True)
        rollback = self._action(fields, "rollback", timeout_s)
        verify = self._verify(fields, timeout_s)
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
        )

    def _step_id(self, node: Node | None) -> str | None:
        text = self.tree.read_text(node, "id")
        if text is not None and not _STEP_ID.fullmatch(text):
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

    def _verify(self, fields: Fields, timeout_s: float | None) -> Verify | None:
        node = fields.get("verify")
        if node is None:
            return None
        inner = self.tree.read_fields(
            node, "verify", required=(), optional=(*ACTION_FIELDS, "within_s")
        )
        within_s = self.actions.seconds(inner.get("within_s"), "within_s")
        rest = {name: value for name, value in inner.items() if name != "within_s"}
        action = self.actions.read(node, rest, "verify", timeout_s, safe=True)
        if action is None:
            return None
        return (
            Verify(action=action) if within_s is None else Verify(action=action, within_s=within_s)
        )

    def _action(
        self, fields: Fields, name: str, timeout_s: float | None, *, safe: bool = False
    ) -> Action | None:
        node = fields.get(name)
        if node is None:
            return None
        inner = self.tree.read_fields(node, name, required=(), optional=ACTION_FIELDS)
        return self.actions.read(node, inner, name, timeout_s, safe=safe)


def read_steps(
    tree: Tree, node: Node | None, parameters: tuple[Parameter, ...]
) -> tuple[Step, ...]:
    """Read all steps of a runbook whose parameters are known."""
    return StepReader(tree=tree, actions=ActionReader(tree=tree, parameters=parameters)).read(node)
