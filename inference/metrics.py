"""What the engine tells about its work: Prometheus collectors and one log line per request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from .request import Ended, GenerationStats, Outcome, Priority

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
_ANSWERED = frozenset({Outcome.FINISHED, Outcome.LENGTH})
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
_SECONDS_PER_TOKEN = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.3, 0.6, 1.2)


_Collector = TypeVar("_Collector", Counter, Gauge, Histogram)


class EngineMetrics:
    """The engine's collectors, registered once in the given registry. Thread-safe.

    Args:
        note_answer: Hears what each answer cost that came to its end.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        note_answer: Callable[[GenerationStats], None] | None = None,
    ) -> None:
        self._note_answer = note_answer
        make = partial(_collector, registry)
        by_second, by_token = {"buckets": _SECONDS}, {"buckets": _SECONDS_PER_TOKEN}
        self._requests = make(
            Counter, "requests", "Generation requests by how they ended", "outcome", "priority"
        )
        self._queue = make(Histogram, "queue_seconds", "Submit until work began", **by_second)
        self._ttft = make(Histogram, "ttft_seconds", "Submit until the first token", **by_second)
        self._tpot = make(
            Histogram, "tpot_seconds", "Time per output token after the first", **by_token
        )
        self._itl = make(
            Histogram, "itl_seconds", "Time from one output token to the next", **by_token
        )
        self._tokens = make(
            Counter,
            "tokens",
            "Tokens: prompt (all), cached (reused prompt tokens), output, drafted, accepted",
            "kind",
        )
        self._embedded = make(Counter, "embedded_texts", "Texts turned into vectors")
        self._steps = make(Histogram, "step_seconds", "Time of one batch", **by_second)
        self._occupancy = make(
            Histogram,
            "batch_occupancy_ratio",
            "Rows of a batch relative to the largest one",
            buckets=_SHARES,
        )
        self._rows = make(Counter, "rows", "Rows computed")
        self._preemptions = make(Counter, "preemptions", "Running requests that gave up cells")
        self._aborted = make(
            Counter, "aborted_steps", "Background steps given up because somebody came"
        )
        self._cells = make(Gauge, "kv_cells", "Cells of the KV cache by use", "use")
        self._offloaded = make(Gauge, "kv_offloaded_states", "States moved out of the KV cache")
        self._offload_bytes = make(Gauge, "kv_offloaded_bytes", "Memory that those take")
        self._cached_ratio = make(
            Gauge,
            "cached_token_ratio",
            "Share of all prompt tokens that came from the prefix cache",
        )
        self._threads = make(Gauge, "threads", "Threads of the last step")
        self._slowdown = make(
            Gauge, "slowdown_ratio", "Recent decode steps relative to those on a quiet machine"
        )
        self._states = make(
            Counter, "state_files", "Saved KV states by what became of them", "event"
        )
        self._live = make(Gauge, "live_requests", "Requests waiting or running")
        self._n_prompt = self._n_cached = 0

    def request_ended(self, request_id: str, priority: Priority, ended: Ended) -> None:
        """Count a request and log its canonical line; called exactly once per request."""
        stats = ended.stats
        if self._note_answer is not None and ended.outcome in _ANSWERED:
            self._note_answer(stats)
        self._requests.labels(ended.outcome.value, priority.name.lower()).inc()
        self._tokens.labels("prompt").inc(stats.n_prompt)
        self._tokens.labels("cached").inc(stats.n_cached)
        self._tokens.labels("output").inc(stats.n_output)
        self._tokens.labels("drafted").inc(stats.n_drafted)
        self._tokens.labels("accepted").inc(stats.n_accepted)
        if stats.ttft_ms is not None:
            self._n_prompt += stats.n_prompt
            self._n_cached += stats.n_cached
            self._cached_ratio.set(self._n_cached / self._n_prompt)
        if stats.ttft_ms is not None:
            self._queue.observe(stats.queue_ms / 1000)
            self._ttft.observe(stats.ttft_ms / 1000)
        if stats.tpot_ms is not None:
            self._tpot.observe(stats.tpot_ms / 1000)
        structlog.get_logger().info(
            "generation_ended",
            request_id=request_id,
            priority=priority.name.lower(),
            outcome=ended.outcome.value,
            reason=ended.reason,
            n_prompt=stats.n_prompt,
            n_cached=stats.n_cached,
            n_output=stats.n_output,
            queue_ms=round(stats.queue_ms, 1),
            ttft_ms=_rounded(stats.ttft_ms),
            tpot_ms=_rounded(stats.tpot_ms),
        )

    def texts_embedded(self, n_texts: int) -> None:
        """Count embedded texts."""
        self._embedded.inc(n_texts)

    def step(self, *, n_rows: int, n_batch: int, seconds: float) -> None:
        """Record one computed batch."""
        self._steps.observe(seconds)
        self._occupancy.observe(n_rows / n_batch)
        self._rows.inc(n_rows)

    def token_after(self, seconds: float) -> None:
        """Record the time between two output tokens of one request."""
        self._itl.observe(seconds)

    def cells(self, *, free: int, cached: int, running: int) -> None:
        """Set how the KV cache is used."""
        self._cells.labels("free").set(free)
        self._cells.labels("cached").set(cached)
        self._cells.labels("running").set(running)

    def offloaded(self, n_states: int, n_bytes: int) -> None:
        """Set what was moved out of the KV cache."""
        self._offloaded.set(n_states)
        self._offload_bytes.set(n_bytes)

    def threads(self, n_threads: int) -> None:
        """Set the number of threads."""
        self._threads.set(n_threads)

    def slowdown(self, ratio: float) -> None:
        """Set how many times longer than on a quiet machine steps take."""
        self._slowdown.set(ratio)

    def preempted(self) -> None:
        """Count a preemption."""
        self._preemptions.inc()

    def step_aborted(self) -> None:
        """Count a step that was given up."""
        self._aborted.inc()

    def states(self, event: str, n: int = 1) -> None:
        """Count saved states: "hit", "miss", "saved", "corrupt", "dropped"."""
        self._states.labels(event).inc(n)

    def live_requests(self, n_live: int) -> None:
        """Set how many requests wait or run."""
        self._live.set(n_live)


def _collector(
    registry: CollectorRegistry,
    kind: type[_Collector],
    name: str,
    help_text: str,
    *labels: str,
    **options: Any,  # noqa: ANN401 - whatever the kind takes
) -> _Collector:
    return kind(f"opsbot_inference_{name}", help_text, labels, registry=registry, **options)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
