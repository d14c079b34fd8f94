"""What a grammar's rules consist of. Nodes are compared by identity, so that stacks hash fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .characters import CharacterSet


@dataclass(frozen=True, slots=True, eq=False)
class Terminal:
    """One character out of a set."""

    characters: CharacterSet


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Another rule, by name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Concatenation:
    """Its parts one after the other; none at all stand for the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of several; at least two."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Repetition:
    """A part several times in a row.

    Attributes:
        least: How often it must come.
        most: How often it may come, >= least; None: without limit.
    """

    part: Node
    least: int
    most: int | None


Node: TypeAlias = Terminal | Reference | Concatenation | Choice | Repetition


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules by name; each referred to is there, and so is `root`."""

    rules: Mapping[str, Node]

    @property
    def root(self) -> Node:
        """The rule of a whole text."""
        return self.rules["root"]
