"""Coordinate descent over the settings: one at a time, each against the best so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..backends.options import FlashAttention, KvType
from ..errors import InferenceError
from .errors import TuningError
from .gpu_plan import GpuPlacement
from .measuring import Comparison, Measurer, compare
from .request_profile import RequestProfile
from .tuned_settings import TunedSettings

_N_PASSES = 2
_TOO_NOISY = 0.2


class Verdict(Enum):
    """What became of a candidate."""

    FASTER = "faster"
    NO_GAIN = "no gain"
    SLOWER = "slower"
    TOO_NOISY = "too noisy to tell"
    TOO_LARGE = "too much memory"
    DIFFERENT = "writes something else"
    FAILED = "does not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate against the best settings at that time.

    Attributes:
        dimension: Which setting was changed, for people.
        value: What to, for people.
        comparison: None when it was not measured.
        reason: Why it failed; empty otherwise.
    """

    dimension: str
    value: str
    settings: TunedSettings
    verdict: Verdict
    comparison: Comparison | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One setting and the changes to try on it.

    Attributes:
        choices: Name of a value -> what it changes in the settings.
    """

    name: str
    choices: Sequence[tuple[str, Callable[[TunedSettings], TunedSettings]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLimits:
    """How long and how large.

    Attributes:
        n_rounds: Most measurements of each of two settings that are compared.
        budget_s: After so many seconds no further candidate is begun.
        memory_bytes: Most memory the settings may take; None: whatever there is.
    """

    n_rounds: int
    budget_s: float
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What was found.

    Attributes:
        final: The best settings against those it started from, measured at the end in turn.
        is_complete: Whether every candidate got its turn within the budget.
    """

    start: TunedSettings
    best: TunedSettings
    final: Comparison
    trials: tuple[Trial, ...]
    is_complete: bool


def thread_counts(n_cores: int, n_logical: int) -> tuple[int, ...]:
    """Numbers of threads worth trying on so many physical and logical cores."""
    counts = {1, n_cores // 2, n_cores - 1, n_cores, n_logical}
    return tuple(sorted((n for n in counts if n >= 1), reverse=True))


def search_space(
    threads: Sequence[int],
    placements: Sequence[GpuPlacement] = (),
    chunks: Sequence[int] = (64, 128, 256, 448),
) -> tuple[Dimension, ...]:
    """The settings in the order of what they usually gain."""
    return (
        Dimension(name="GPU", choices=[_placed(placement) for placement in placements]),
        Dimension(name="threads", choices=[_changed(str(n), n_threads=n) for n in threads]),
        Dimension(
            name="weights",
            choices=[
                _changed("as in the file", repack_weights=False),
                _changed("repacked", repack_weights=True),
            ],
        ),
        Dimension(name="chunk", choices=[_changed(str(n), n_chunk=n) for n in chunks]),
        Dimension(
            name="flash attention",
            choices=[
                _changed("auto", flash_attention=FlashAttention.AUTO),
                _changed("off", flash_attention=FlashAttention.OFF),
            ],
        ),
        Dimension(name="KV cache", choices=[_changed(kind.value, kv_type=kind) for kind in KvType]),
    )


def _changed(name: str, **changes: object) -> tuple[str, Callable[[TunedSettings], TunedSettings]]:
    return name, lambda settings: replace(settings, **changes)


def _placed(placement: GpuPlacement) -> tuple[str, Callable[[TunedSettings], TunedSettings]]:
    layers = "all" if placement.n_gpu_layers == -1 else str(placement.n_gpu_layers)
    shares = ":".join(f"{share:.0%}" for share in placement.tensor_split)
    return _changed(
        f"{layers} layers" + (f" {shares}" if shares else ""),
        n_gpu_layers=placement.n_gpu_layers,
        tensor_split=placement.tensor_split,
        main_gpu=placement.main_gpu,
    )


@dataclass(slots=True, kw_only=True)
class Search:
    """Finds the best settings.

    Attributes:
        observe: Hears of every candidate: before it is measured with None, then with the trial.
        clock: Monotonic seconds.
    """

    measurer: Measurer
    space: Sequence[Dimension]
    profile: RequestProfile
    limits: SearchLimits
    observe: Callable[[str, Trial | None], None] = lambda _what, _trial: None
    clock: Callable[[], float] = time.monotonic
    _tried: set[tuple[TunedSettings, TunedSettings]] = field(
        default_factory=set[tuple[TunedSettings, TunedSettings]]
    )
    _trials: list[Trial] = field(default_factory=list[Trial])
    _deadline: float = 0.0

    def run(self, start: TunedSettings) -> SearchResult:
        """Search from given settings; they are kept unless others are measurably faster.

        Raises:
            TuningError: Nothing fits the memory limit.
            InferenceError: Not even the first settings can be run.
        """
        self._deadline = self.clock() + self.limits.budget_s
        start = self._fitting(start)
        self.measurer.sample(start)
        best = start
        for _ in range(_N_PASSES):
            before = best
            for dimension in self.space:
                best = self._improve(dimension, best, start)
            if best == before:
                break
        return self._confirmed(start, best)

    @property
    def _has_time(self) -> bool:
        return self.clock() < self._deadline

    def _fits(self, settings: TunedSettings) -> bool:
        cap = self.limits.memory_bytes
        return cap is None or self.measurer.memory_bytes(settings) <= cap

    def _fitting(self, start: TunedSettings) -> TunedSettings:
        """The start, or what is nearest to it and small enough."""
        small = replace(start, n_chunk=64, repack_weights=False)
        variants = (start, small, replace(small, kv_type=KvType.Q8_0))
        for settings in variants:
            if self._fits(settings):
                return settings
        least, cap = self.measurer.memory_bytes(variants[-1]), self.limits.memory_bytes or 0
        raise TuningError(
            f"at least {least / 1e6:,.0f} MB are needed, the limit is {cap / 1e6:,.0f} MB:"
            " configure a shorter context or take a smaller model"
        )

    def _improve(
        self, dimension: Dimension, best: TunedSettings, start: TunedSettings
    ) -> TunedSettings:
        for name, change in dimension.choices:
            candidate = change(best)
            pair = best, candidate
            if candidate == best or pair in self._tried or not self._has_time:
                continue
            self._tried.update((pair, (candidate, best)))
            self.observe(f"{dimension.name}: {name}", None)
            trial = self._try(dimension.name, name, candidate, best, start)
            self._trials.append(trial)
            self.observe(f"{dimension.name}: {name}", trial)
            if trial.verdict is Verdict.FASTER:
                best = candidate
        return best

    def _try(
        self,
        dimension: str,
        value: str,
        candidate: TunedSettings,
        best: TunedSettings,
        start: TunedSettings,
    ) -> Trial:
        about = Trial(
            dimension=dimension, value=value, settings=candidate, verdict=Verdict.TOO_LARGE
        )
        if not self._fits(candidate):
            return about
        try:
            comparison = self._compare(best, candidate)
            verdict = _verdict(comparison)
            if verdict is Verdict.FASTER and not self.measurer.has_equal_output(candidate, start):
                verdict = Verdict.DIFFERENT
        except (InferenceError, ValueError) as exc:
            return replace(about, verdict=Verdict.FAILED, reason=str(exc))
        return replace(about, verdict=verdict, comparison=comparison)

    def _compare(self, base: TunedSettings, other: TunedSettings) -> Comparison:
        return compare(
            self.measurer,
            base,
            other,
            profile=self.profile,
            n_rounds=self.limits.n_rounds,
            goes_on=lambda: self._has_time,
        )

    def _confirmed(self, start: TunedSettings, best: TunedSettings) -> SearchResult:
        """Measure the whole gain once more; gains that add up to nothing are given back."""
        is_complete = self._has_time
        final = self._compare(start, best)
        if best != start and _verdict(final) is not Verdict.FASTER:
            best = start
            final = replace(final, other_s=final.base_s, other=final.base)
        return SearchResult(
            start=start,
            best=best,
            final=final,
            trials=tuple(self._trials),
            is_complete=is_complete,
        )


def _verdict(comparison: Comparison) -> Verdict:
    if comparison.noise > _TOO_NOISY:
        return Verdict.TOO_NOISY
    if comparison.is_gain:
        return Verdict.FASTER
    return Verdict.SLOWER if comparison.ratio > 1 + comparison.noise else Verdict.NO_GAIN
