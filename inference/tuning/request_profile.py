"""What a typical request is: how much it prefills and how much it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ..request import GenerationStats

_ENOUGH_REQUESTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShape:
    """One kind of request.

    Attributes:
        n_cached: Prompt tokens that are in the prefix cache already.
        n_prefill: Prompt tokens that have to be computed.
        n_output: Tokens of the answer.
        weight: Its share of all requests.
    """

    name: str
    n_cached: int
    n_prefill: int
    n_output: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestProfile:
    """Kinds of requests whose weights sum to 1.

    Attributes:
        source: Where it comes from, for people.
    """

    shapes: tuple[RequestShape, ...]
    source: str

    def request_s(self, prefill_token_s: float, decode_token_s: float) -> float:
        """Mean seconds of a request.

        Args:
            prefill_token_s: Seconds per prefilled token.
            decode_token_s: Seconds per written token.
        """
        return sum(
            shape.weight * (shape.n_prefill * prefill_token_s + shape.n_output * decode_token_s)
            for shape in self.shapes
        )


SHIPPED_PROFILE = RequestProfile(
    shapes=(
        RequestShape(name="follow-up", n_cached=700, n_prefill=60, n_output=60, weight=0.5),
        RequestShape(name="cold", n_cached=0, n_prefill=700, n_output=60, weight=0.5),
    ),
    source="the shipped profile, until this engine has answered 20 requests",
)


def profile_of(requests: Sequence[GenerationStats]) -> RequestProfile:
    """The profile of finished requests; the shipped one when they are too few to tell.

    Requests that found most of their prompt in the cache and those that did not are two kinds,
    each as long as its median.
    """
    answered = [stats for stats in requests if stats.n_output > 0 and stats.n_prompt > 0]
    if len(answered) < _ENOUGH_REQUESTS:
        return SHIPPED_PROFILE
    warm = [stats for stats in answered if 2 * stats.n_cached >= stats.n_prompt]
    cold = [stats for stats in answered if 2 * stats.n_cached < stats.n_prompt]
    shapes = tuple(
        _shape(name, kind, len(kind) / len(answered))
        for name, kind in (("follow-up", warm), ("cold", cold))
        if kind
    )
    return RequestProfile(shapes=shapes, source=f"the last {len(answered)} requests")


def _shape(name: str, requests: Sequence[GenerationStats], weight: float) -> RequestShape:
    return RequestShape(
        name=name,
        n_cached=round(median(stats.n_cached for stats in requests)),
        n_prefill=max(1, round(median(stats.n_prompt - stats.n_cached for stats in requests))),
        n_output=max(1, round(median(stats.n_output for stats in requests))),
        weight=weight,
    )
