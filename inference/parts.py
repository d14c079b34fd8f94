"""What an engine is made of beside its models: settings, and what is made once a model is loaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from .admission import Admission, SavedStates
from .answers import AnswerBook
from .backends.base import Backend, ModelInfo
from .errors import InferenceError
from .kv_memory import KvMemory
from .kv_offload import KvOffload
from .metrics import EngineMetrics
from .request import GenerationStats
from .runner import Pace, Runner
from .scheduler import SchedulerOptions
from .sequence import Sequence
from .speculation.drafter import Drafter

_LAST_SAVES_S = 3.0
_BETWEEN_SAVES_S = 0.02
_LONG_REST_S = 3600.0


class States(SavedStates, Protocol):
    """Prefixes saved by earlier processes and for later ones. Engine thread only."""

    def save_some(self, backend: Backend, memory: KvMemory, now: float) -> float | None:
        """Save what is worth it; called while nothing waits and after every answer.

        Returns:
            Seconds after which to call again if nothing else happens; None: not at all.
        """
        ...

    def close(self) -> None:
        """Finish writing."""
        ...


class Speculation(Protocol):
    """Makes drafters. Engine thread only."""

    def for_request(self, request: Sequence) -> Drafter | None:
        """What guesses ahead for a request; None when nothing is worth guessing."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """How an engine schedules, and makers of its optional parts.

    Attributes:
        choose_schedule: How batches are filled, given the loaded model.
        max_running: Most requests in progress at once.
        max_idle_cells: Most cells to keep for reuse beside pinned prefixes; None: all that are
            left.
        max_offload_bytes: How much memory evicted prefixes may take; 0: they are forgotten.
        make_pace: Adapts the threads to a busy machine.
        make_speculation: Guesses tokens ahead; None when that does not pay.
        open_states: Keeps prefixes over a restart.
        note_answer: Hears what each finished answer cost, in the engine thread.
    """

    choose_schedule: Callable[[ModelInfo], SchedulerOptions] | None = None
    max_running: int = 32
    max_idle_cells: int | None = None
    max_offload_bytes: int = 0
    make_pace: Callable[[ModelInfo], Pace] | None = None
    make_speculation: Callable[[Backend], Speculation | None] | None = None
    open_states: Callable[[ModelInfo, EngineMetrics], States] | None = None
    note_answer: Callable[[GenerationStats], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machinery:
    """A runner with the parts that have to be closed after it."""

    backend: Backend
    runner: Runner
    states: States | None
    speculation: Speculation | None

    def save_some(self, now: float) -> float | None:
        """See `States.save_some`."""
        if self.states is None:
            return None
        return self.states.save_some(self.backend, self.runner.memory, now)

    def close(self) -> None:
        """Close the parts, not the backend; what would be saved later is saved now."""
        if self.states is not None:
            self._save_all(self.states)
            self.states.close()
        if self.speculation is not None:
            self.speculation.close()

    def _save_all(self, states: States) -> None:
        """Save for a few seconds as if every thread had rested."""
        memory, now = self.runner.memory, time.monotonic()
        if self.runner.is_idle:
            states.save_some(self.backend, memory, now)  # from now on everything rests
        while self.runner.is_idle and time.monotonic() - now < _LAST_SAVES_S:
            if states.save_some(self.backend, memory, now + _LONG_REST_S) is None:
                return
            time.sleep(_BETWEEN_SAVES_S)


def assemble(
    parts: EngineParts, backend: Backend, metrics: EngineMetrics, answers: AnswerBook
) -> Machinery:
    """Put a loaded model's engine together, in the engine thread."""
    info = backend.info
    states = parts.open_states(info, metrics) if parts.open_states else None
    speculation = _speculation(parts, backend)
    runner = Runner(
        backend,
        metrics,
        options=parts.choose_schedule(info) if parts.choose_schedule else None,
        answers=answers,
        admission=Admission(
            backend,
            KvMemory(backend, max_idle=parts.max_idle_cells, offload=_offload(parts, info)),
            max_running=parts.max_running,
            make_drafter=speculation.for_request if speculation is not None else None,
            states=states,
        ),
        pace=parts.make_pace(info) if parts.make_pace else None,
    )
    return Machinery(backend=backend, runner=runner, states=states, speculation=speculation)


def _speculation(parts: EngineParts, backend: Backend) -> Speculation | None:
    """What guesses ahead; an engine that cannot guess answers all the same."""
    try:
        return parts.make_speculation(backend) if parts.make_speculation else None
    except InferenceError as exc:
        structlog.get_logger().error("speculation_unavailable", reason=str(exc))
        return None


def _offload(parts: EngineParts, info: ModelInfo) -> KvOffload | None:
    if not parts.max_offload_bytes:
        return None
    return KvOffload(max_bytes=parts.max_offload_bytes, is_divisible=info.can_share_prefixes)
