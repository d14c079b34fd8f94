"""The sessions of the orders database: who has which slot, and who waits. Pure; times are given."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class SessionState(StrEnum):
    """What a session is doing."""

    ACTIVE = "active"
    IDLE = "idle"
    IDLE_IN_TRANSACTION = "idle in transaction"


@dataclass(slots=True, kw_only=True)
class Session:
    """One connected client.

    Attributes:
        since_mono: When the state was entered, in seconds of the monotonic clock.
        in_transaction: BEGIN was seen and neither COMMIT nor ROLLBACK.
    """

    session_id: int
    client: str
    state: SessionState
    since_mono: float
    in_transaction: bool = False
    last_query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as administrators see it; `age_s` is the time in its present state."""

    session_id: int
    client: str
    state: str
    age_s: float
    last_query: str


class SessionTable:
    """At most `n_slots` sessions at a time; tickets of waiting clients are served in order.

    A ticket is any int that the caller finds unique; `release` says whose turn it is.
    """

    def __init__(self, n_slots: int) -> None:
        self.n_slots = n_slots
        self._sessions: dict[int, Session] = {}
        self._waiting: deque[int] = deque()
        self._next_id = 1

    @property
    def n_used(self) -> int:
        """How many slots are taken."""
        return len(self._sessions)

    @property
    def has_room(self) -> bool:
        """Whether a newcomer gets a slot at once: one is free and nobody waits for it."""
        return self.n_used + len(self._waiting) < self.n_slots

    def wait(self, ticket: int) -> None:
        """Queue for a slot."""
        self._waiting.append(ticket)

    def leave_queue(self, ticket: int) -> None:
        """Stop waiting; an unknown ticket is fine."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)

    def next_waiting(self) -> int | None:
        """Take the first ticket off the queue if a slot is free for it."""
        if self._waiting and self.n_used < self.n_slots:
            return self._waiting.popleft()
        return None

    def open(self, client: str, now_mono: float) -> Session:
        """Give a slot to a client; the caller has seen that one is free."""
        session = Session(
            session_id=self._next_id,
            client=client,
            state=SessionState.IDLE,
            since_mono=now_mono,
        )
        self._next_id += 1
        self._sessions[session.session_id] = session
        return session

    def close(self, session_id: int) -> None:
        """Free a slot; an unknown id is fine."""
        self._sessions.pop(session_id, None)

    def start_query(self, session: Session, query: str, now_mono: float) -> None:
        """The session begins to work on a query."""
        session.state = SessionState.ACTIVE
        session.since_mono = now_mono
        session.last_query = query
        verb = query.split(maxsplit=1)[0].upper() if query.strip() else ""
        if verb == "BEGIN":
            session.in_transaction = True
        elif verb in {"COMMIT", "ROLLBACK"}:
            session.in_transaction = False

    def end_query(self, session: Session, now_mono: float) -> None:
        """The session waits for its client again."""
        idle = SessionState.IDLE_IN_TRANSACTION if session.in_transaction else SessionState.IDLE
        session.state = idle
        session.since_mono = now_mono

    def idle_in_transaction(self, older_than_s: float, now_mono: float) -> tuple[int, ...]:
        """Ids of the sessions that hold a transaction open without working, oldest first."""
        found = [
            session
            for session in self._sessions.values()
            if session.state is SessionState.IDLE_IN_TRANSACTION
            and now_mono - session.since_mono >= older_than_s
        ]
        return tuple(s.session_id for s in sorted(found, key=lambda s: s.since_mono))

    def rows(
        self, now_mono: float, session_ids: Sequence[int] | None = None
    ) -> tuple[SessionRow, ...]:
        """All sessions, or those named, in order of id."""
        chosen = sorted(self._sessions if session_ids is None else session_ids)
        return tuple(self._row(self._sessions[i], now_mono) for i in chosen)

    @staticmethod
    def _row(session: Session, now_mono: float) -> SessionRow:
        return SessionRow(
            session_id=session.session_id,
            client=session.client,
            state=session.state.value,
            age_s=round(now_mono - session.since_mono, 1),
            last_query=session.last_query,
        )
