"""Recorded results of actions, and what should come of them: the file `opsbot runbook test` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .actions.base import Part
from .actions.kinds import ParameterValue
from .errors import RunbookFileError
from .lifecycle import ProposalState
from .schema import Runbook
from .store import StepState
from .yaml_tree import MAX_FILE_BYTES, Fields, Node, Tree, sorted_faults

_RESULT = ("step", "of", "item", "ok", "exit_status", "output", "detail", "seconds")
_CASE = ("parameters", "vars", "results")
_EXPECT = ("state", "reason", "steps")
_STATES = (ProposalState.SUCCEEDED.value, ProposalState.FAILED.value)
NOT_DONE = "not_done"
_STEP_STATES = (*(state.value for state in StepState if state is not StepState.STARTED), NOT_DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One result that an action gave.

    Attributes:
        step: Declared id of the step.
        item: Of a matrix; empty: whichever item.
        seconds: How long it took.
        line: Where it stands in the file, counted from 1.
    """

    step: str
    part: Part
    item: str
    ok: bool
    exit_status: int | None
    output: str
    detail: str
    seconds: float
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One thing that should come of a case, with its place in the file."""

    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCase:
    """One run that is tried.

    Attributes:
        results: In the order in which each action gives them; the last one is repeated.
        state: How the run should end; None: either way.
        reason: What should be in the run's last sentence.
        steps: Bound step id -> its state, or "not_done".
        line: Where the case stands in the file.
    """

    name: str
    parameters: Mapping[str, ParameterValue]
    variables: Mapping[str, str]
    results: tuple[Recorded, ...]
    state: Expected | None
    reason: Expected | None
    steps: Mapping[str, Expected]
    line: int


def load_cases(path: Path, runbook: Runbook) -> tuple[RecordedCase, ...]:
    """Read a file of cases for a runbook.

    Raises:
        RunbookFileError: The file cannot be read, or is wrong; names every fault with its line.
    """
    tree = Tree(path=path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        tree.fault(None, f"the file cannot be read: {exc.strerror or exc}")
        raise RunbookFileError(tuple(tree.faults)) from exc
    node = tree.parse(content)
    cases = _Reader(tree=tree, runbook=runbook).cases(node) if node is not None else ()
    if tree.faults or not cases:
        raise RunbookFileError(sorted_faults(tree.faults))
    return cases


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    tree: Tree
    runbook: Runbook

    def cases(self, node: Node) -> tuple[RecordedCase, ...]:
        fields = self.tree.read_fields(node, "the file", required=("cases",))
        nodes = self.tree.read_items(fields.get("cases"), "cases")
        if not nodes and not self.tree.faults:
            self.tree.fault(node, "there is no case")
        return tuple(self._case(item) for item in nodes)

    def _case(self, node: Node) -> RecordedCase:
        fields = self.tree.read_fields(node, "a case", required=("name", "expect"), optional=_CASE)
        results = self.tree.read_items(fields.get("results"), "results")
        case = RecordedCase(
            name=self.tree.read_text(fields.get("name"), "name") or "",
            parameters=self._scalars(fields.get("parameters"), "parameters"),
            variables={
                name: str(value)
                for name, value in self._scalars(fields.get("vars"), "vars").items()
            },
            results=tuple(self._result(item) for item in results),
            state=None,
            reason=None,
            steps={},
            line=_line(node),
        )
        return self._expecting(case, fields.get("expect"))

    def _expecting(self, case: RecordedCase, node: Node | None) -> RecordedCase:
        if node is None:
            return case
        fields = self.tree.read_fields(node, "expect", required=(), optional=_EXPECT)
        if not fields:
            self.tree.fault(node, f"expect must have at least one of: {', '.join(_EXPECT)}")
        return replace(
            case,
            state=self._one_of(fields.get("state"), "state", _STATES),
            reason=self._expected(fields.get("reason"), "reason"),
            steps=self._steps(fields.get("steps")),
        )

    def _steps(self, node: Node | None) -> dict[str, Expected]:
        entries = (self.tree.read_entries(node, "steps") if node is not None else None) or {}
        found: dict[str, Expected] = {}
        for step_id, (key, value) in entries.items():
            self._known(key, step_id.partition("[")[0])
            expected = self._one_of(value, "the state of a step", _STEP_STATES)
            if expected is not None:
                found[step_id] = expected
        return found

    def _result(self, node: Node) -> Recorded:
        tree = self.tree
        fields = tree.read_fields(node, "a result", required=("step",), optional=_RESULT[1:])
        step = tree.read_text(fields.get("step"), "step") or ""
        self._known(fields.get("step"), step)
        status = tree.read_number(fields.get("exit_status"), "exit_status")
        ok = self._ok(fields, status)
        part = self._one_of(fields.get("of"), "of", tuple(Part))
        default = f"exit {status:g}" if status is not None else ("ok" if ok else "failed")
        return Recorded(
            step=step,
            part=Part(part.value) if part is not None else Part.ACTION,
            item=tree.read_text(fields.get("item"), "item") or "",
            ok=ok,
            exit_status=int(status) if status is not None else None,
            output=self._output(fields.get("output")),
            detail=tree.read_text(fields.get("detail"), "detail") or default,
            seconds=tree.read_number(fields.get("seconds"), "seconds") or 0.0,
            line=_line(node),
        )

    def _ok(self, fields: Fields, status: float | None) -> bool:
        node = fields.get("ok")
        if node is None:
            return status is None or status == 0
        value = self.tree.read_scalar(node, "ok")
        if not isinstance(value, bool):
            self.tree.fault(node, "ok must be true or false")
        return value is True

    def _output(self, node: Node | None) -> str:
        value = self.tree.read_scalar(node, "output") if node is not None else ""
        return str(value).rstrip("\n") if value is not None else ""

    def _known(self, node: Node | None, step_id: str) -> None:
        if node is not None and step_id not in {step.step_id for step in self.runbook.steps}:
            self.tree.fault(node, f"{self.runbook.name} has no step {step_id!r}")

    def _one_of(self, node: Node | None, what: str, words: tuple[str, ...]) -> Expected | None:
        expected = self._expected(node, what)
        if expected is not None and expected.value not in words:
            self.tree.fault(node, f"{what} must be one of {', '.join(words)}")
            return None
        return expected

    def _expected(self, node: Node | None, what: str) -> Expected | None:
        text = self.tree.read_text(node, what)
        return None if text is None or node is None else Expected(value=text, line=_line(node))

    def _scalars(self, node: Node | None, what: str) -> dict[str, ParameterValue]:
        entries = (self.tree.read_entries(node, what) if node is not None else None) or {}
        read = {
            name: self.tree.read_scalar(value, f"{what}.{name}")
            for name, (_, value) in entries.items()
        }
        return {name: value for name, value in read.items() if value is not None}


def _line(node: Node) -> int:
    return node.start_mark.line + 1
