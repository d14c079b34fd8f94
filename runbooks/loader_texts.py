"""The texts of a runbook's actions: arguments, durations and mappings, with their placeholders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .placeholders import Malformed, find
from .schema import Parameter, ParameterType
from .yaml_tree import Node, Tree

ITEM = "item"
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "busybox", "eval"})
MAX_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One action to be read.

    Attributes:
        node: What stands under the name of its kind.
        name: What it is for, for example "run" or "verify".
        limit_s: Its longest wall time; None: the kind's own default.
        safe: Only what changes nothing, as far as the kind can tell.
    """

    node: Node
    name: str
    limit_s: float | None
    safe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Reads texts against the declared parameters.

    Attributes:
        has_item: Whether `{{ item }}` may be used.
    """

    tree: Tree
    parameters: tuple[Parameter, ...]
    has_item: bool = False

    def text(self, node: Node | None, what: str) -> str | None:
        """Read a text and check the placeholders in it."""
        text = self.tree.read_text(node, what)
        if text is None or node is None:
            return None
        declared = {parameter.name for parameter in self.parameters}
        for item in find(text):
            if isinstance(item, Malformed):
                self.tree.fault(
                    node, f"{item.text} is neither {{{{ name }}}} nor {{{{ vars.name }}}}"
                )
            elif item.name == ITEM and not item.is_variable and not self.has_item:
                self.tree.fault(node, "{{ item }} is only for steps with a matrix")
            elif not item.is_variable and item.name not in declared | {ITEM}:
                self.tree.fault(node, f"parameter {item.name!r} is not declared")
        return text

    def fixed(self, node: Node | None, what: str) -> str | None:
        """Read a text that may hold no placeholder."""
        text = self.tree.read_text(node, what)
        if text is not None and find(text):
            self.tree.fault(node, f"{what} may not hold a placeholder")
            return None
        return text

    def seconds(self, node: Node | None, what: str) -> float | None:
        """Read a duration of at most a day, in seconds."""
        value = self.tree.read_number(node, what)
        if value is not None and not 0 < value <= MAX_SECONDS:
            self.tree.fault(node, f"{what} must be more than 0 and at most {MAX_SECONDS} seconds")
            return None
        return value

    def flag(self, node: Node | None, what: str) -> bool:
        """Read true or false; a missing node is false."""
        value = self.tree.read_scalar(node, what) if node is not None else False
        if not isinstance(value, bool):
            if value is not None:
                self.tree.fault(node, f"{what} must be true or false")
            return False
        return value

    def whole(self, node: Node | None, what: str, *, low: int, high: int) -> int | None:
        """Read a whole number within bounds."""
        value = self.tree.read_number(node, what)
        if value is None:
            return None
        if not value.is_integer() or not low <= value <= high:
            self.tree.fault(node, f"{what} must be a whole number from {low} to {high}")
            return None
        return int(value)

    def mapping(self, node: Node | None, what: str) -> dict[str, str]:
        """Read names with texts; a missing node is an empty mapping."""
        if node is None:
            return {}
        entries = self.tree.read_entries(node, what) or {}
        read = {name: self._scalar(value, f"{what} {name}") for name, (_, value) in entries.items()}
        return {name: text for name, text in read.items() if text is not None}

    def _scalar(self, node: Node, what: str) -> str | None:
        value = self.tree.read_scalar(node, what)
        if isinstance(value, bool):
            return "true" if value else "false"
        return self.text(node, what) if value is not None else None

    def argv(self, node: Node | None, name: str, *, runs: bool = True) -> tuple[str, ...] | None:
        """Read a list of arguments.

        Args:
            runs: The first one is a program; else it is the first word for a known program.
        """
        items = self.tree.read_items(node, f"argv of {name}")
        if not items:
            self.tree.fault(node, f"argv of {name} must be a list of arguments")
            return None
        read = [self._argument(item) for item in items]
        argv = tuple(text for text in read if text is not None)
        if len(argv) < len(items):
            return None
        self._check_first(items[0], argv[0], runs=runs)
        return argv

    def _argument(self, node: Node) -> str | None:
        text = self.text(node, "an argument")
        if text is None:
            return None
        if "\x00" in text:
            self.tree.fault(node, "an argument holds a zero byte")
        if any(quote in text for quote in "'\""):
            for name in self._unbounded(text):
                self.tree.fault(
                    node, f"parameter {name!r} stands in quoted text: give it a pattern or choices"
                )
        return text.rstrip("\n")

    def _unbounded(self, text: str) -> Iterator[str]:
        """Names of string parameters used in a text that could hold anything."""
        used = {
            item.name
            for item in find(text)
            if not isinstance(item, Malformed) and not item.is_variable
        }
        if ITEM in used:
            yield ITEM
        for parameter in self.parameters:
            free = parameter.pattern is None and not parameter.choices
            if parameter.name in used and parameter.type is ParameterType.STRING and free:
                yield parameter.name

    def _check_first(self, node: Node, first: str, *, runs: bool) -> None:
        placeholders = [item for item in find(first) if not isinstance(item, Malformed)]
        if any(not item.is_variable for item in placeholders):
            what = "the program to run" if runs else "the first word of a command"
            self.tree.fault(node, f"{what} cannot come from a parameter")
        if runs and first.rsplit("/", 1)[-1] in SHELLS:
            self.tree.fault(node, f"{first} is a shell: name the program and its arguments instead")
