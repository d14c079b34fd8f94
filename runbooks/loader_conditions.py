"""When a step runs, how often, over what, and what its output must be like."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .loader_texts import Texts
from .schema import MAX_ITEMS, Condition, Expect, Matrix, Outcome, Retry
from .yaml_tree import Node

MAX_RETRIES = 10
MAX_CONCURRENCY = 20
_OUTCOMES = ", ".join(Outcome)
_EXPECT = ("output", "absent", "minimum", "maximum")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionReader:
    """Reads what surrounds an action without being one."""

    texts: Texts

    def retry(self, node: Node | None) -> Retry | None:
        """Read `retry: {times, delay_s}`."""
        if node is None:
            return None
        tree = self.texts.tree
        fields = tree.read_fields(node, "retry", required=("times",), optional=("delay_s",))
        times = self.texts.whole(fields.get("times"), "times", low=1, high=MAX_RETRIES)
        delay_s = self.texts.seconds(fields.get("delay_s"), "delay_s")
        if times is None:
            return None
        return Retry(times=times) if delay_s is None else Retry(times=times, delay_s=delay_s)

    def when(self, node: Node | None) -> Condition | None:
        """Read `when: {step, outcome, expect}`."""
        if node is None:
            return None
        tree = self.texts.tree
        fields = tree.read_fields(node, "when", required=("step",), optional=("outcome", "expect"))
        step_id = self.texts.fixed(fields.get("step"), "step")
        text = tree.read_text(fields.get("outcome"), "outcome") or Outcome.SUCCEEDED.value
        expect = self.expect(fields.get("expect"))
        if text not in set(Outcome):
            tree.fault(fields.get("outcome"), f"outcome must be one of {_OUTCOMES}, not {text!r}")
            return None
        if step_id is None:
            return None
        return Condition(step_id=step_id, outcome=Outcome(text), expect=expect)

    def matrix(self, node: Node | None) -> Matrix | None:
        """Read `matrix: {over, concurrency, stop_on_failure}`."""
        if node is None:
            return None
        tree, optional = self.texts.tree, ("concurrency", "stop_on_failure")
        fields = tree.read_fields(node, "matrix", required=("over",), optional=optional)
        items = tree.read_items(fields.get("over"), "over")
        read = [self.texts.text(item, "an item of over") for item in items]
        over = tuple(text for text in read if text is not None)
        if not 0 < len(over) <= MAX_ITEMS:
            tree.fault(fields.get("over"), f"over must have 1 to {MAX_ITEMS} items")
            return None
        high = MAX_CONCURRENCY
        n_at_once = self.texts.whole(fields.get("concurrency"), "concurrency", low=1, high=high)
        matrix = Matrix(over=over, concurrency=n_at_once or 1)
        if "stop_on_failure" not in fields:
            return matrix
        stops = self.texts.flag(fields.get("stop_on_failure"), "stop_on_failure")
        return replace(matrix, stop_on_failure=stops)

    def expect(self, node: Node | None) -> Expect | None:
        """Read `expect: {output, absent, minimum, maximum}`."""
        if node is None:
            return None
        tree = self.texts.tree
        fields = tree.read_fields(node, "expect", required=(), optional=_EXPECT)
        if not fields:
            tree.fault(node, f"expect must have at least one of: {', '.join(_EXPECT)}")
        return Expect(
            output=self._pattern(fields.get("output"), "output"),
            absent=self._pattern(fields.get("absent"), "absent"),
            minimum=tree.read_number(fields.get("minimum"), "minimum"),
            maximum=tree.read_number(fields.get("maximum"), "maximum"),
        )

    def _pattern(self, node: Node | None, what: str) -> str | None:
        text = self.texts.fixed(node, what)
        if text is None:
            return None
        try:
            re.compile(text, re.MULTILINE)
        except re.error as exc:
            self.texts.tree.fault(node, f"{what} is not a regular expression: {exc}")
            return None
        return text
