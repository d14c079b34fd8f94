"""The outcome of tuning, as it is kept and used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..backends.options import LlamaOptions
from ..step_costs import RowCosts, StepCosts
from .fingerprint import Fingerprint
from .request_profile import RequestProfile
from .search import SearchResult
from .tuned_settings import TunedSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What was measured for one model on one machine.

    Attributes:
        model_hash: SHA-256 of the model's file.
        measured_at: UTC, ISO 8601.
        n_ctx: Context length the memory was estimated for, in tokens.
        cores_of_others: Cores that other programs used meanwhile, on average.
        step_costs: Durations of steps with the best settings, by threads and rows.
    """

    model_hash: str
    model_name: str
    fingerprint: Fingerprint
    measured_at: str
    n_ctx: int
    profile: RequestProfile
    search: SearchResult
    step_costs: StepCosts
    cores_of_others: float = 0.0

    @property
    def settings(self) -> TunedSettings:
        """The best settings found."""
        return self.search.best

    def options(self, base: LlamaOptions) -> LlamaOptions:
        """How to load the model, with everything that was not tuned as in `base`."""
        return self.settings.options(base)

    @property
    def row_costs(self) -> RowCosts:
        """Durations of steps by rows with the best settings."""
        return self.step_costs.by_threads[self.settings.n_threads]

    @property
    def row_ratios(self) -> Mapping[int, float]:
        """Duration of a decode of k rows over that of one: what speculation has to earn."""
        costs, n_threads = self.step_costs, self.settings.n_threads
        return {n_rows: costs.row_ratio(n_threads, n_rows) for n_rows in self.row_costs.seconds}
