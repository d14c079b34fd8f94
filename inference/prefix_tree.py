"""A radix tree over token ids: which sequences hold which prefix. Pure bookkeeping.

Every path from the root is a token prefix whose cells are in memory. A sequence *ends* at a node
and thereby holds the cells of the whole path; so a node is covered by every sequence that ends in
its subtree, and each leaf has one that ends there. Cells of a node are stored once, however many
sequences share them. Running sequences lock their path; what is not locked may be evicted, leaf by
leaf, the least recently used first.

The caller does to memory what the methods' results say; the tree never touches memory itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .radix_node import Node, Tokens, n_common_prefix
from .request import SeqId, TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixMatch:
    """The cells [0, n_tokens) of `holder` are what a prompt begins with; n_tokens >= 1."""

    holder: SeqId
    n_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A running sequence's path grew.

    Attributes:
        n_known: The tree held the sequence's first n_known tokens already.
        holder: A sequence that holds those; its cells can replace the sequence's own. None when
            the tree held no more of them than the sequence had shared before.
        redundant: Idle sequences that this one now covers; the tree has let go of them.
    """

    n_known: int
    holder: SeqId | None
    redundant: tuple[SeqId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Eviction:
    """Cells to give up.

    Attributes:
        seq_id: An idle sequence.
        tokens: All that it holds before it gives anything up.
        n_kept: It keeps so many leading tokens; at 0 its id is free again.
        n_freed: Cells that nobody holds any more.
    """

    seq_id: SeqId
    tokens: Tokens
    n_kept: int
    n_freed: int


class PrefixTree:
    """See the module.

    Args:
        max_pinned_tokens: Bound of all pinned paths together, in tokens; beyond it the pin that
            was used longest ago is lifted.
        is_divisible: Whether a part of a sequence's cells can be shared or dropped. Recurrent
            memory cannot: there only what ends exactly where an idle sequence ends is found.
    """

    def __init__(self, *, max_pinned_tokens: int, is_divisible: bool = True) -> None:
        self._max_pinned_tokens = max_pinned_tokens
        self._is_divisible = is_divisible
        self._root = Node((), 0, None)
        self._ends: dict[SeqId, Node] = {}
        self._running: set[SeqId] = set()
        self._clock = 0
        self._counts: tuple[int, int] | None = (0, 0)

    @property
    def idle(self) -> frozenset[SeqId]:
        """Sequences that only keep cells for reuse."""
        return frozenset(self._ends.keys() - self._running)

    @property
    def running(self) -> frozenset[SeqId]:
        """Sequences that lock their path."""
        return frozenset(self._running)

    @property
    def n_locked(self) -> int:
        """Tokens on paths of running sequences, shared ones counted once if divisible."""
        return self._count()[0]

    @property
    def n_idle(self) -> int:
        """Tokens that could be evicted."""
        return self._count()[1]

    @property
    def n_pinned(self) -> int:
        """Tokens on pinned paths, shared ones counted once."""
        return sum(len(node.tokens) for node in self._root.below() if node.has_pin)

    def n_held(self, seq_id: SeqId) -> int:
        """How many tokens a sequence holds as far as the tree knows."""
        return self._ends[seq_id].end

    def match(self, tokens: Sequence[TokenId]) -> PrefixMatch | None:
        """Find the longest known prefix of `tokens` and mark it as used.

        Pass a prompt without its last token: that one is always decoded again, because sampling
        needs its logits.
        """
        node, n_common = self._descend(tuple(tokens))
        if self._is_divisible:
            holder = node.holder
        else:
            node, holder = self._deepest_idle(node, n_common)
            n_common = node.end
        if holder is None or n_common == 0:
            return None
        self._touch(node)
        return PrefixMatch(holder=holder, n_tokens=n_common)

    def start(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> None:
        """Lock the path `tokens`, all of which the tree knows, for a sequence that now shares it.

        Raises:
            ValueError: The id is in the tree, or the tree does not know all of the tokens.
        """
        if seq_id in self._ends:
            raise ValueError(f"sequence {seq_id} is in the tree already")
        node = self._node_at(tuple(tokens))
        self._place(seq_id, node)
        self._running.add(seq_id)
        self._lock(node, +1)

    def extend(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> Extension:
        """Add what a running sequence has computed; `tokens` are all it holds.

        Raises:
            ValueError: The sequence is not running, or `tokens` do not begin with its path.
        """
        old = self._ends[seq_id]
        path = tuple(tokens)
        if seq_id not in self._running or len(path) < old.end:
            raise ValueError(f"sequence {seq_id} cannot be extended to {len(path)} tokens")
        node, n_known = self._descend(path)
        holder = node.holder if n_known > old.end else None
        end = self._lengthen(old, path) if self._is_own(seq_id) else self._grow(node, n_known, path)
        if end is not old:
            self._lock(old, -1)
            self._lift(seq_id)
            self._place(seq_id, end)
            self._lock(end, +1)
        self._touch(end)
        if not self._is_divisible:
            return Extension(n_known=n_known, holder=None)
        return Extension(n_known=n_known, holder=holder, redundant=self._let_go_above(end))

    def finish(self, seq_id: SeqId) -> bool:
        """Unlock a running sequence's path.

        Returns:
            Whether the sequence stays as an idle holder; if not, others cover its path and its id
            is free.
        """
        node = self._ends[seq_id]
        self._running.discard(seq_id)
        self._lock(node, -1)
        self._touch(node)
        is_covered = len(node.holders) > 1 or (self._is_divisible and bool(node.children))
        if is_covered or node.end == 0:
            self._lift(seq_id)
            return False
        return True

    def forget(self, seq_id: SeqId) -> None:
        """Remove a sequence whose cells are gone or not to be trusted; its id is free."""
        node = self._ends[seq_id]
        if seq_id in self._running:
            self._running.discard(seq_id)
            self._lock(node, -1)
        self._lift(seq_id)
        self._prune(node)

    def pin(self, tokens: Sequence[TokenId]) -> None:
        """Protect a known prefix from eviction for as long as anything else can be evicted."""
        node = self._node_at(tuple(tokens))
        node.is_pinned = True
        self._touch(node)
        while self.n_pinned > self._max_pinned_tokens:
            pinned = [other for other in self._root.below() if other.is_pinned]
            min(pinned, key=lambda other: other.last_used).is_pinned = False

    def evict(self, n_tokens: int) -> Eviction | None:
        """Give up cells of the leaf that was used longest ago, the end of its tokens first.

        Returns:
            At most `n_tokens` freed cells, perhaps none when only a sequence id became free;
            None when everything is locked. Pinned leaves go only when no other is left.
        """
        leaves = [node for node in self._root.below() if not node.children and node.n_locks == 0]
        if not leaves:
            return None
        leaf = min(leaves, key=lambda node: (node.is_pinned, node.last_used))
        seq_id = min(leaf.holders)
        if self._is_divisible and n_tokens < len(leaf.tokens):
            return self._trim(leaf, seq_id, n_tokens)
        tokens, n_freed = leaf.path, len(leaf.tokens)
        self._lift(seq_id)
        parent = self._remove(leaf)
        needs_holder = not parent.children and not parent.holders and parent.parent is not None
        if self._is_divisible and needs_holder:
            self._place(seq_id, parent)
            return Eviction(seq_id=seq_id, tokens=tokens, n_kept=parent.end, n_freed=n_freed)
        if needs_holder:
            self._prune(parent)
        return Eviction(seq_id=seq_id, tokens=tokens, n_kept=0, n_freed=n_freed)

    def clear(self) -> None:
        """Forget everything."""
        self._root = Node((), 0, None)
        self._ends, self._running, self._counts = {}, set(), (0, 0)

    def paths(self) -> Iterator[tuple[SeqId, Tokens, bool]]:
        """Idle sequences with all their tokens and whether something on the path is pinned."""
        for seq_id in sorted(self.idle):
            node = self._ends[seq_id]
            is_pinned = any(step.is_pinned for step in node.up())
            yield seq_id, node.path, is_pinned

    def pinned_paths(self) -> Iterator[tuple[SeqId, Tokens]]:
        """Pinned prefixes, each with a sequence that holds it."""
        for node in self._root.below():
            holder = node.holder if node.is_pinned else None
            if holder is not None:
                yield holder, node.path

    def check(self) -> None:
        """Verify the tree's own invariants.

        Raises:
            ValueError: One does not hold, with what was found.
        """
        for node in self._root.below():
            start = node.parent.end if node.parent else 0
            n_locks = sum(child.n_locks for child in node.children.values())
            n_locks += len(node.holders & self._running)
            if node.end != start + len(node.tokens) or not node.tokens:
                raise ValueError(f"a node of {len(node.tokens)} tokens ends at {node.end}")
            if node.n_locks != n_locks:
                raise ValueError(f"a node has {node.n_locks} locks instead of {n_locks}")
            if not node.children and not node.holders:
                raise ValueError("a leaf is held by nobody")
            if any(child.tokens[0] != first for first, child in node.children.items()):
                raise ValueError("a child is filed under the wrong token")
        if any(seq_id not in node.holders for seq_id, node in self._ends.items()):
            raise ValueError("a sequence does not end where it should")

    def _descend(self, tokens: Tokens) -> tuple[Node, int]:
        """The deepest node that shares tokens with the prefix, and how many are shared in all."""
        node, n_common = self._root, 0
        while n_common < len(tokens):
            child = node.children.get(tokens[n_common])
            if child is None:
                break
            n_here = n_common_prefix(child.tokens, tokens[n_common : n_common + len(child.tokens)])
            node, n_common = child, n_common + n_here
            if n_here < len(child.tokens):
                break
        return node, n_common

    def _node_at(self, tokens: Tokens) -> Node:
        node, n_common = self._descend(tokens)
        if n_common != len(tokens):
            raise ValueError(f"the tree knows {n_common} of {len(tokens)} tokens")
        return self._split(node, n_common)

    def _is_own(self, seq_id: SeqId) -> bool:
        """Whether a sequence's last tokens are nobody else's, now or as a pinned prefix."""
        end = self._ends[seq_id]
        is_shared = end.children or end.holders != {seq_id}
        return not is_shared and not end.is_pinned and end.parent is not None

    def _lengthen(self, leaf: Node, path: Tokens) -> Node:
        leaf.tokens += path[leaf.end :]
        leaf.end = len(path)
        self._counts = None
        return leaf

    def _grow(self, node: Node, n_known: int, path: Tokens) -> Node:
        """The node at which `path` ends, made if need be."""
        node = self._split(node, n_known)
        if n_known == len(path):
            return node
        leaf = Node(path[n_known:], len(path), node)
        node.children[path[n_known]] = leaf
        self._counts = None
        return leaf

    def _split(self, node: Node, end: int) -> Node:
        """Cut a node in two so that one ends at `end`, and return that one."""
        if end == node.end or node.parent is None:
            return node
        n_upper = len(node.tokens) - (node.end - end)
        upper = Node(node.tokens[:n_upper], end, node.parent)
        upper.n_locks, upper.last_used = node.n_locks, node.last_used
        upper.children[node.tokens[n_upper]] = node
        node.parent.children[node.tokens[0]] = upper
        node.tokens, node.parent = node.tokens[n_upper:], upper
        return upper

    def _trim(self, leaf: Node, seq_id: SeqId, n_tokens: int) -> Eviction:
        tokens = leaf.path
        leaf.tokens = leaf.tokens[: len(leaf.tokens) - n_tokens]
        leaf.end -= n_tokens
        leaf.is_pinned = False
        self._counts = None
        return Eviction(seq_id=seq_id, tokens=tokens, n_kept=leaf.end, n_freed=n_tokens)

    def _prune(self, node: Node) -> None:
        """Remove nodes that nobody covers any more, from here towards the root."""
        while node.parent is not None and not node.children and not node.holders:
            node = self._remove(node)

    def _remove(self, leaf: Node) -> Node:
        parent = leaf.parent
        if parent is None or leaf.children:
            raise ValueError("only leaves can be removed")
        del parent.children[leaf.tokens[0]]
        self._counts = None
        return parent

    def _place(self, seq_id: SeqId, node: Node) -> None:
        node.holders.add(seq_id)
        self._ends[seq_id] = node

    def _lift(self, seq_id: SeqId) -> None:
        self._ends.pop(seq_id).holders.discard(seq_id)

    def _lock(self, node: Node, change: int) -> None:
        for step in node.up():
            step.n_locks += change
        self._counts = None

    def _touch(self, node: Node) -> None:
        self._clock += 1
        for step in node.up():
            step.last_used = self._clock

    def _let_go_above(self, end: Node) -> tuple[SeqId, ...]:
        """Lift idle sequences from the inner nodes above: whoever ends below covers them."""
        above = (step for step in end.up() if step is not end)
        redundant = tuple(seq_id for step in above for seq_id in step.holders - self._running)
        for seq_id in redundant:
            self._lift(seq_id)
        return redundant

    def _deepest_idle(self, node: Node, n_common: int) -> tuple[Node, SeqId | None]:
        for step in node.up():
            idle = step.holders - self._running
            if step.end <= n_common and idle:
                return step, min(idle)
        return self._root, None

    def _count(self) -> tuple[int, int]:
        if not self._is_divisible:
            # NOTE: each such sequence is a copy of its own, so what they share is not known.
            return sum(self._ends[i].end for i in self._running), sum(
                self._ends[i].end for i in self.idle
            )
        if self._counts is None:
            locked = idle = 0
            for node in self._root.below():
                if node.n_locks:
                    locked += len(node.tokens)
                else:
                    idle += len(node.tokens)
            self._counts = locked, idle
        return self._counts
