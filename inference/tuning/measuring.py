"""The seam to whatever is measured, and the comparison of two settings by measurement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from .request_profile import RequestProfile
from .tuned_settings import TunedSettings

_LEAST_GAIN = 0.02
_HOPELESS = 1.15
_N_HOPELESS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement of one setting, in seconds per token."""

    prefill_token_s: float
    decode_token_s: float


class Measurer(Protocol):
    """Computes with given settings and takes the time."""

    def sample(self, settings: TunedSettings) -> Sample:
        """Prefill and decode a little.

        Raises:
            InferenceError: A model cannot be loaded or run so.
        """
        ...

    def step_s(self, settings: TunedSettings, *, n_rows: int, n_cells: int) -> float:
        """Seconds of one step with so many decode rows while so many cells are in use.

        Raises:
            InferenceError: A model cannot be loaded or run so.
        """
        ...

    def memory_bytes(self, settings: TunedSettings) -> int:
        """Memory these settings will take at the context length the engine runs with."""
        ...

    def has_equal_output(self, settings: TunedSettings, reference: TunedSettings) -> bool:
        """Whether a fixed prompt gets the same text, or logits that differ by rounding only.

        Raises:
            InferenceError: A model cannot be loaded or run so.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two settings measured in turn.

    Attributes:
        base_s: Median seconds of a typical request with the settings to beat.
        other_s: The same with the others.
        noise: Relative spread of the measurements of one setting, the larger of the two.
        base: Median sample of the settings to beat.
        other: Median sample of the others.
    """

    base_s: float
    other_s: float
    noise: float
    base: Sample
    other: Sample

    @property
    def ratio(self) -> float:
        """Duration with the others over that with the settings to beat."""
        return self.other_s / self.base_s

    @property
    def is_gain(self) -> bool:
        """Whether the others are faster by more than the noise."""
        return self.ratio < 1 - max(_LEAST_GAIN, self.noise)


def compare(
    measurer: Measurer,
    base: TunedSettings,
    other: TunedSettings,
    *,
    profile: RequestProfile,
    n_rounds: int,
    goes_on: Callable[[], bool] = lambda: True,
) -> Comparison:
    """Measure two settings in turn, so that whatever disturbs the machine disturbs both.

    Ends early when the others are far behind, or when `goes_on` says no after the second round.

    Raises:
        InferenceError: A model cannot be loaded or run so.
    """
    bases: list[Sample] = []
    others: list[Sample] = []
    for n_done in range(n_rounds):
        if n_done >= _N_HOPELESS and (not goes_on() or _is_hopeless(bases, others, profile)):
            break
        bases.append(measurer.sample(base))
        others.append(measurer.sample(other))
    base_s, other_s = _seconds(bases, profile), _seconds(others, profile)
    return Comparison(
        base_s=median(base_s),
        other_s=median(other_s),
        noise=max(_spread(base_s), _spread(other_s)),
        base=_middle(bases),
        other=_middle(others),
    )


def _is_hopeless(bases: list[Sample], others: list[Sample], profile: RequestProfile) -> bool:
    return min(_seconds(others, profile)) > max(_seconds(bases, profile)) * _HOPELESS


def _seconds(samples: Sequence[Sample], profile: RequestProfile) -> list[float]:
    return [profile.request_s(each.prefill_token_s, each.decode_token_s) for each in samples]


def _spread(values: Sequence[float]) -> float:
    """Median distance from the median, relative to it: single outliers do not count."""
    middle = median(values)
    return median(abs(value - middle) for value in values) / middle


def _middle(samples: Sequence[Sample]) -> Sample:
    return Sample(
        prefill_token_s=median(each.prefill_token_s for each in samples),
        decode_token_s=median(each.decode_token_s for each in samples),
    )
