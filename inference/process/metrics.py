"""What the supervisor of an engine counts; the engine's own figures come from its process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class SupervisorMetrics:
    """Collectors, registered once in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ends = Counter(
            "opsbot_engine_process_ends",
            "Unwanted ends of the engine's process: died by itself, or killed because it hung",
            ("how",),
            registry=registry,
        )
        self._up = Gauge(
            "opsbot_engine_process_up", "Whether the engine's process answers", registry=registry
        )
        self._restart = Gauge(
            "opsbot_engine_restart_seconds",
            "Time from the last unwanted end until the model was ready again",
            registry=registry,
        )

    def ended(self, *, was_killed: bool) -> None:
        """Count an unwanted end."""
        self._ends.labels("hung" if was_killed else "died").inc()

    def set_up(self, *, is_up: bool) -> None:
        """Say whether it answers."""
        self._up.set(is_up)

    def ready_again(self, seconds: float) -> None:
        """Record how long it was away."""
        self._restart.set(seconds)
