"""A node of the prefix tree: a run of tokens that all prefixes through it have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .request import SeqId, TokenId

Tokens = tuple[TokenId, ...]


@dataclass(slots=True, eq=False)
class Node:
    """The tokens [end - len(tokens), end) of all prefixes that pass through here.

    Attributes:
        children: By their first token.
        holders: Sequences that end here.
        n_locks: Running sequences that end here or below.
        last_used: Rank of the last use of this node or one below.
    """

    tokens: Tokens
    end: int
    parent: Node | None
    children: dict[TokenId, Node] = field(default_factory=dict[TokenId, "Node"])
    holders: set[SeqId] = field(default_factory=set[SeqId])
    n_locks: int = 0
    is_pinned: bool = False
    last_used: int = 0

    def up(self) -> Iterator[Node]:
        """This node and everything above it but the root."""
        node = self
        while node.parent is not None:
            yield node
            node = node.parent

    def below(self) -> Iterator[Node]:
        """Everything below this node."""
        stack = [*self.children.values()]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(node.children.values())

    @property
    def path(self) -> Tokens:
        """All tokens from the root to the end of this node."""
        return tuple(token for step in reversed([*self.up()]) for token in step.tokens)

    @property
    def holder(self) -> SeqId | None:
        """Any sequence that holds all of this node's tokens."""
        node = self
        while not node.holders and node.children:
            node = next(iter(node.children.values()))
        return min(node.holders, default=None)

    @property
    def has_pin(self) -> bool:
        """Whether this node or one below is pinned."""
        return self.is_pinned or any(node.is_pinned for node in self.below())


def n_common_prefix(left: Sequence[TokenId], right: Sequence[TokenId]) -> int:
    """How many leading tokens are equal."""
    low, high = 0, min(len(left), len(right))
    if left[:high] == right[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
