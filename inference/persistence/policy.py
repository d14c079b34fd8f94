"""Which cached prefixes are worth a file, and when. Pure: time is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..request import TokenId
from .container import StateKind

Tokens = tuple[TokenId, ...]

_IDLE_S = 15.0
_MIN_THREAD_TOKENS = 128
_MAX_THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A prefix in memory that nobody is adding to."""

    tokens: Tokens
    kind: StateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to save.

    Attributes:
        due: To be saved now, the most useful first.
        wait_s: Seconds after which something else will be due, if nothing changes; None: nothing.
    """

    due: tuple[Candidate, ...] = ()
    wait_s: float | None = None


class WhatToSave:
    """Pinned prefixes at once, threads when they have rested, nothing twice.

    A thread that goes on is a longer prefix and starts to rest anew, so one that is busy is not
    written after every turn.

    Args:
        idle_s: A thread rests so long before it is saved.
        min_thread_tokens: A thread has at least so many tokens after the pinned prefix that it
            begins with; fewer are computed again sooner than a file is worth.
        max_threads: Only the threads that changed last are saved.
    """

    def __init__(
        self,
        *,
        idle_s: float = _IDLE_S,
        min_thread_tokens: int = _MIN_THREAD_TOKENS,
        max_threads: int = _MAX_THREADS,
    ) -> None:
        self._idle_s = idle_s
        self._min_thread_tokens = min_thread_tokens
        self._max_threads = max_threads
        self._resting_since: dict[Tokens, float] = {}
        self._done: set[Candidate] = set()

    def plan(self, pinned: Iterable[Tokens], threads: Iterable[Tokens], now: float) -> Plan:
        """Decide about everything that is in memory now.

        Args:
            pinned: Pinned prefixes.
            threads: All tokens of finished sequences; pinned prefixes among them are passed over.
            now: Monotonic seconds.
        """
        prefixes = [Candidate(tokens=tokens, kind=StateKind.PINNED) for tokens in pinned]
        resting = self._note(threads, now)
        self._done &= {*prefixes, *(self._thread(tokens) for tokens in resting)}
        eligible = [t for t in resting if self._is_worth_it(t, prefixes)][: self._max_threads]
        due, wait_s = [p for p in prefixes if p not in self._done], None
        for tokens in eligible:
            remaining_s = self._resting_since[tokens] + self._idle_s - now
            if (thread := self._thread(tokens)) in self._done:
                continue
            if remaining_s <= 0:
                due.append(thread)
            else:
                wait_s = min(remaining_s, wait_s or remaining_s)
        return Plan(due=tuple(due), wait_s=wait_s)

    def done(self, candidate: Candidate) -> None:
        """Do not propose it again while it stays in memory."""
        self._done.add(candidate)

    def _note(self, threads: Iterable[Tokens], now: float) -> list[Tokens]:
        """Remember who rests since when, forget the others; the last to begin comes first."""
        before = self._resting_since
        self._resting_since = {tokens: before.get(tokens, now) for tokens in threads}
        return sorted(self._resting_since, key=lambda t: self._resting_since[t], reverse=True)

    def _is_worth_it(self, tokens: Tokens, pinned: list[Candidate]) -> bool:
        shared = (len(p.tokens) for p in pinned if tokens[: len(p.tokens)] == p.tokens)
        return len(tokens) - max(shared, default=0) >= self._min_thread_tokens

    def _thread(self, tokens: Tokens) -> Candidate:
        return Candidate(tokens=tokens, kind=StateKind.THREAD)
