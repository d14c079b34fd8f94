"""The engine alone: prefill, decode, and what a cached prefix saves."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from inference import (
    ChatMessage,
    Ended,
    GenerateRequest,
    GenerationStats,
    InferenceError,
    InferenceService,
    Outcome,
    Role,
)

_WORDS = [
    "checkout",
    "orders",
    "pool",
    "timeout",
    "connection",
    "refused",
    "retry",
    "latency",
    "gateway",
    "node",
    "disk",
    "memory",
    "replica",
    "failover",
    "deploy",
    "rollback",
    "queue",
    "consumer",
    "broker",
    "certificate",
    "renewal",
    "quota",
]
_N_RULES_WORDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineResult:
    """Medians over the runs.

    Attributes:
        prefill_per_s: Prompt tokens a second, nothing cached.
        decode_per_s: Output tokens a second of one sequence.
        cold_ttft_ms: With nothing cached.
        warm_ttft_ms: The same prompt shape with its first message cached.
        n_prompt: Length of the prompts, in tokens.
        n_cached: Tokens of a warm prompt that came from the cache.
    """

    n_runs: int
    n_prompt: int
    n_cached: int
    prefill_per_s: float
    decode_per_s: float
    cold_ttft_ms: float
    warm_ttft_ms: float


async def measure_engine(
    engine: InferenceService, *, n_runs: int, n_output: int = 48, progress: Callable[[str], None]
) -> EngineResult:
    """Measure a loaded engine; prompts are seeded, so runs repeat.

    Raises:
        InferenceError: The model is not available, or a request failed.
    """
    await engine.ready()
    pairs: list[tuple[GenerateRequest, GenerateRequest]] = []
    for run in range(n_runs):
        rules = _text(f"rules {run}", _N_RULES_WORDS)
        pairs.append(
            (_request(run, "cold", rules, n_output), _request(run, "warm", rules, n_output))
        )
    cold: list[GenerationStats] = []
    warm: list[GenerationStats] = []
    for run, (first, second) in enumerate(pairs, start=1):
        progress(f"run {run} of {n_runs}")
        cold.append((await _measure(engine, first)).stats)
        warm.append((await _measure(engine, second)).stats)
    prefill = [s.n_prompt / ((s.ttft_ms or 0) - s.queue_ms) * 1000 for s in cold]
    decode = [1000 / s.tpot_ms for s in (*cold, *warm) if s.tpot_ms]
    return EngineResult(
        n_runs=n_runs,
        n_prompt=int(median(s.n_prompt for s in cold)),
        n_cached=int(median(s.n_cached for s in warm)),
        prefill_per_s=median(prefill),
        decode_per_s=median(decode),
        cold_ttft_ms=median(s.ttft_ms or 0.0 for s in cold),
        warm_ttft_ms=median(s.ttft_ms or 0.0 for s in warm),
    )


async def _measure(engine: InferenceService, request: GenerateRequest) -> Ended:
    _, ended = await engine.complete(request)
    if ended.outcome not in {Outcome.FINISHED, Outcome.LENGTH}:
        raise InferenceError(f"request {request.request_id} {ended.outcome}: {ended.reason}")
    return ended


def _request(run: int, kind: str, rules: str, n_output: int) -> GenerateRequest:
    question = _text(f"{kind} {run}", 30)
    return GenerateRequest(
        request_id=f"bench-{kind}-{run}",
        messages=(
            ChatMessage(Role.SYSTEM, f"You answer on-call engineers. {rules}"),
            ChatMessage(Role.USER, f"Write a long list of checks for: {question}"),
        ),
        max_tokens=n_output,
    )


def _text(seed: str, n_words: int) -> str:
    chooser = random.Random(seed)  # noqa: S311 - repeatable text, no secret
    return " ".join(chooser.choice(_WORDS) for _ in range(n_words))
