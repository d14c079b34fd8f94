"""What the engine tells about its work: Prometheus collectors and one log line per request."""

from __future__ import annotations

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from .request import Ended, Priority

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
_SECONDS_PER_TOKEN = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.3, 0.6, 1.2)


class EngineMetrics:
    """The engine's collectors, registered once in the given registry. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "opsbot_inference_requests",
            "Generation requests by how they ended",
            ("outcome", "priority"),
            registry=registry,
        )
        self._queue = _histogram(registry, "queue_seconds", "Submit until work began", _SECONDS)
        self._ttft = _histogram(registry, "ttft_seconds", "Submit until the first token", _SECONDS)
        self._tpot = _histogram(
            registry, "tpot_seconds", "Time per output token after the first", _SECONDS_PER_TOKEN
        )
        self._tokens = Counter(
            "opsbot_inference_tokens",
            "Tokens: prompt (all), cached (prompt tokens that were reused), output",
            ("kind",),
            registry=registry,
        )
        self._embedded = Counter(
            "opsbot_inference_embedded_texts", "Texts turned into vectors", registry=registry
        )
        self._live = Gauge(
            "opsbot_inference_live_requests", "Requests waiting or running", registry=registry
        )

    def request_ended(self, request_id: str, priority: Priority, ended: Ended) -> None:
        """Count a request and log its canonical line; called exactly once per request."""
        stats = ended.stats
        self._requests.labels(ended.outcome.value, priority.name.lower()).inc()
        self._tokens.labels("prompt").inc(stats.n_prompt)
        self._tokens.labels("cached").inc(stats.n_cached)
        self._tokens.labels("output").inc(stats.n_output)
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

    def live_requests(self, n_live: int) -> None:
        """Set how many requests wait or run."""
        self._live.set(n_live)


def _histogram(
    registry: CollectorRegistry, name: str, help_text: str, buckets: tuple[float, ...]
) -> Histogram:
    return Histogram(f"opsbot_inference_{name}", help_text, buckets=buckets, registry=registry)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
