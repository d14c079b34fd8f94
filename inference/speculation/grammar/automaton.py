"""A pushdown automaton over characters: which texts can go on, and with what.

A stack is a linked list of what is still to be matched, its top a terminal. Stacks and states (sets
of stacks) are interned: equal ones are one object, so that following a text is mostly dictionary
lookups and a repetition's counter is part of the stack, not a chain of rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from .characters import CharacterSet
from .errors import GrammarTooComplexError
from .rules import Choice, Concatenation, Grammar, Node, Reference, Repetition, Terminal

_MOST_STACKS = 64
"""In one state; llama.cpp has no bound, but a text that can be read in so many ways is not forced."""
_MOST_WORK = 2000
"""Stacks looked at for one character."""
_MOST_DEPTH = 200
_MOST_INTERNED = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """What is still to be matched, from the top down.

    Attributes:
        progress: Parts of a concatenation, or times of a repetition, that are behind it.
        below: The rest; None: nothing more.
        depth: Number of entries.
    """

    node: Node
    progress: int
    below: Stack | None
    depth: int


Stacks: TypeAlias = frozenset[Stack | None]


@dataclass(slots=True, eq=False)
class State:
    """All the ways in which a text may be read; None among the stacks: it may end here.

    Attributes:
        stacks: Each topped by a terminal.
        after: States reached by one character, as far as they were asked for.
        singles: Characters that may come and that the grammar names one by one.
        is_open: Whether more than these may come, or the text may end.
        forced: The only character that may come; None if there are several, or it may end.
    """

    stacks: Stacks
    after: dict[int, State] = field(default_factory=dict[int, "State"])
    singles: frozenset[int] = field(init=False)
    is_open: bool = field(init=False)
    forced: int | None = field(init=False)

    def __post_init__(self) -> None:
        only = {None if stack is None else _top(stack).only for stack in self.stacks}
        self.singles = frozenset(code_point for code_point in only if code_point is not None)
        self.is_open = None in only
        self.forced = next(iter(self.singles)) if len(only) == len(self.singles) == 1 else None

    @property
    def is_dead(self) -> bool:
        """Whether the grammar does not allow the text that led here."""
        return not self.stacks

    @property
    def can_end(self) -> bool:
        """Whether the text may be complete."""
        return None in self.stacks

    def characters(self) -> Iterator[CharacterSet]:
        """What may come next, in any order; the sets may overlap."""
        return (_top(stack) for stack in self.stacks if stack is not None)


class Automaton:
    """Follows texts through a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._stacks: dict[tuple[Node, int, Stack | None], Stack] = {}
        self._states: dict[Stacks, State] = {}

    def start(self) -> State:
        """Before the first character.

        Raises:
            GrammarTooComplexError: Already this would take too much work.
        """
        return self._closed([self._stack(self._grammar.root, 0, None)])

    def step(self, state: State, code_point: int) -> State:
        """Follow one more character; the result is dead if it is not allowed.

        Raises:
            GrammarTooComplexError: It would take too much work.
        """
        known = state.after.get(code_point)
        if known is None:
            living = [stack for stack in state.stacks if stack is not None]
            rests = [stack.below for stack in living if code_point in _top(stack)]
            known = state.after[code_point] = self._closed(rests)
        return known

    def _closed(self, todo: list[Stack | None]) -> State:
        """The state of stacks whose tops are replaced until they are terminals."""
        seen = set(todo)
        found: set[Stack | None] = set()
        while todo:
            stack = todo.pop()
            if stack is None or isinstance(stack.node, Terminal):
                found.add(stack)
                continue
            fresh = [new for new in self._replaced(stack) if new not in seen]
            seen.update(fresh)
            todo.extend(fresh)
            if len(seen) > _MOST_WORK or len(found) > _MOST_STACKS:
                raise GrammarTooComplexError("the grammar allows too many readings of this text")
        key = frozenset(found)
        if key not in self._states:
            self._states[key] = State(key)
        return self._states[key]

    def _replaced(self, stack: Stack) -> Iterator[Stack | None]:
        """A stack with its top taken apart, in every way."""
        node, below = stack.node, stack.below
        match node:
            case Concatenation(parts=()):
                yield below
            case Concatenation(parts=parts):
                is_last = stack.progress + 1 == len(parts)
                rest = below if is_last else self._stack(node, stack.progress + 1, below)
                yield self._stack(parts[stack.progress], 0, rest)
            case Choice(options=options):
                for option in options:
                    yield self._stack(option, 0, below)
            case Reference(name=name):
                yield self._stack(self._grammar.rules[name], 0, below)
            case Repetition():
                yield from self._repeated(node, stack.progress, below)
            case Terminal():
                yield stack

    def _repeated(
        self, node: Repetition, n_done: int, below: Stack | None
    ) -> Iterator[Stack | None]:
        if n_done >= node.least:
            yield below
        if node.most is None:
            again = self._stack(node, min(n_done + 1, node.least), below)
        elif n_done + 1 < node.most:
            again = self._stack(node, n_done + 1, below)
        elif n_done < node.most:
            again = below
        else:
            return
        yield self._stack(node.part, 0, again)

    def _stack(self, node: Node, progress: int, below: Stack | None) -> Stack:
        key = node, progress, below
        known = self._stacks.get(key)
        if known is None:
            depth = 1 if below is None else below.depth + 1
            if depth > _MOST_DEPTH or len(self._stacks) >= _MOST_INTERNED:
                raise GrammarTooComplexError("the grammar nests too deeply for this text")
            known = self._stacks[key] = Stack(node, progress, below, depth)
        return known


def _top(stack: Stack) -> CharacterSet:
    """The characters that a stack of a closed state begins with."""
    if not isinstance(stack.node, Terminal):
        raise TypeError(f"a closed stack begins with a terminal, not with {stack.node}")
    return stack.node.characters
