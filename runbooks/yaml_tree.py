"""YAML as a tree of nodes that know their lines, with every fault collected.

Narrower than YAML on purpose: no aliases, no tags, no merge keys, no repeated keys, bounded size
and depth. `read_*` methods note a fault and return None when a node is not what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

from .actions.kinds import ParameterValue
from .errors import Fault

MAX_FILE_BYTES = 128 * 1024
MAX_DEPTH = 12
_TAG = "tag:yaml.org,2002:"
_SCALARS = {f"{_TAG}{name}": name for name in ("str", "int", "float", "bool", "null", "timestamp")}

Node: TypeAlias = yaml.Node


@dataclass(slots=True, kw_only=True)
class Tree:
    """One file being read.

    Attributes:
        faults: Grows while the file is read.
    """

    path: Path
    faults: list[Fault] = field(default_factory=list[Fault])

    def fault(self, node: Node | None, message: str) -> None:
        """Note something wrong at a node (line 1 when there is none)."""
        self.fault_at(node.start_mark.line + 1 if node is not None else 1, message)

    def fault_at(self, line: int, message: str) -> None:
        """Note something wrong at a line, counted from 1."""
        self.faults.append(Fault(path=self.path, line=line, message=message))

    def parse(self, content: bytes) -> Node | None:
        """Compose a file's only document, or note why it is none."""
        if len(content) > MAX_FILE_BYTES:
            self.fault(None, f"the file is larger than {MAX_FILE_BYTES // 1024} KiB")
            return None
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            self.fault_at(content.count(b"\n", 0, exc.start) + 1, "the file is not UTF-8 text")
            return None
        try:
            return self._compose(text)
        except yaml.MarkedYAMLError as exc:
            mark = exc.problem_mark or exc.context_mark
            self.fault_at(mark.line + 1 if mark else 1, f"not YAML: {exc.problem or exc.context}")
        except yaml.reader.ReaderError as exc:
            line = text.count("\n", 0, exc.position) + 1
            self.fault_at(line, f"not YAML: {exc.reason}")
        except (yaml.YAMLError, ValueError) as exc:
            self.fault(None, f"not YAML: {exc}")
        return None

    def _compose(self, text: str) -> Node | None:
        if not self._plain_events(text):
            return None
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            self.fault(None, "the file is empty")
        return node

    def _plain_events(self, text: str) -> bool:
        """Refuse what could grow or recurse before any node is built."""
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                self.fault_at(line, "anchors and aliases (& and *) are not used in runbooks")
                return False
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                self.fault_at(line, f"nested deeper than {MAX_DEPTH} levels")
                return False
        return True

    def read_fields(
        self, node: Node, what: str, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """Read a mapping with known keys; unknown, repeated and missing ones are faults."""
        entries = self.read_entries(node, what)
        if entries is None:
            return {}
        known = (*required, *optional)
        for name, (key, _) in entries.items():
            if name not in known:
                self.fault(key, f"{what} has no key {name!r} (it has: {', '.join(known)})")
        for name in required:
            if name not in entries:
                self.fault(node, f"{what} has no {name!r}")
        return {name: value for name, (_, value) in entries.items() if name in known}

    def read_entries(self, node: Node, what: str) -> dict[str, tuple[Node, Node]] | None:
        """Read a mapping with free text keys as name -> (key node, value node)."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, f"{what} must be a mapping of keys to values")
            return None
        entries: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.fault(key, f"a key of {what} must be plain text")
            elif key.value in entries:
                self.fault(key, f"{what} has the key {key.value!r} twice")
            else:
                entries[key.value] = (key, value)
        return entries

    def read_items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """Read a list; a missing node is an empty one."""
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, f"{what} must be a list")
            return ()
        return tuple(node.value)

    def read_text(self, node: Node | None, what: str) -> str | None:
        """Read non-empty text; a bare number counts as the text that was written."""
        if node is None:
            return None
        kind = self._kind(node)
        if kind in {"bool", "null", "timestamp"}:
            self.fault(node, f"{what} is read as {kind} by YAML: put it in quotes")
            return None
        if kind is None or not isinstance(node, yaml.ScalarNode):
            self.fault(node, f"{what} must be text")
            return None
        if not node.value.strip():
            self.fault(node, f"{what} is empty")
            return None
        return node.value

    def read_texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """Read a list of texts; faulty items are left out."""
        texts = (self.read_text(item, f"an item of {what}") for item in self.read_items(node, what))
        return tuple(text for text in texts if text is not None)

    def read_number(self, node: Node | None, what: str) -> float | None:
        """Read a finite number."""
        if node is None:
            return None
        value = self.read_scalar(node, what)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            if value is not None:
                self.fault(node, f"{what} must be a number")
            return None
        return float(value)

    def read_scalar(self, node: Node, what: str) -> ParameterValue | None:
        """Read text, a number or true/false as YAML understands it."""
        kind = self._kind(node)
        if kind not in {"str", "int", "float", "bool"} or not isinstance(node, yaml.ScalarNode):
            self.fault(node, f"{what} must be text, a number, or true or false")
            return None
        text = node.value
        if kind == "str":
            return text
        if kind == "bool":
            return text.lower() in {"true", "yes", "on"}
        return self._number(node, text, what, whole=kind == "int")

    def _number(self, node: Node, text: str, what: str, *, whole: bool) -> int | float | None:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fault(node, f"{what} must be a plain decimal number, not {text}")
            return None
        return value

    def _kind(self, node: Node) -> str | None:
        return _SCALARS.get(node.tag)


def sorted_faults(faults: list[Fault]) -> tuple[Fault, ...]:
    """Faults in line order, each once."""
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line))


Fields: TypeAlias = Mapping[str, Node]
