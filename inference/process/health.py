"""What an engine's server says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from ..service import EngineState


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFacts:
    """The loaded embedding model."""

    name: str
    n_dimensions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The answer of `GET /health`.

    Attributes:
        state: Of the generating model.
        failure: Why that is not available; empty when it is, or is still loading.
        model: What the generating model calls itself.
        n_waiting: Requests that wait or run.
        encoder: None while it loads, and when there is none.
        encoder_failure: Why there is none; empty while it loads.
        step_s: How long the engine thread's present step has lasted, in seconds; 0 when idle.
    """

    state: EngineState
    failure: str = ""
    model: str = ""
    n_waiting: int = 0
    encoder: EncoderFacts | None = None
    encoder_failure: str = ""
    step_s: float = 0.0


_HEALTH: TypeAdapter[Health] = TypeAdapter(Health)


def parse_health(body: bytes) -> Health:
    """Read an answer.

    Raises:
        ValueError: It is something else.
    """
    return _HEALTH.validate_json(body)
