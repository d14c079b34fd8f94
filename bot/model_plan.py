"""Which model file is run, and how: the settings, with what was measured for it on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inference.backends.base import Backend, ModelInfo
from inference.models.catalog import resolve
from inference.pace import PhasePace
from inference.scheduler import DEFAULT_CHUNK, SchedulerOptions
from inference.step_costs import RowCosts

from .settings import Settings
from .tuning import model_hash, tuned_options, tuning_for

if TYPE_CHECKING:
    from inference.backends.options import LlamaOptions
    from inference.tuning.tuning import Tuning

_CHEAP_ROWS = 8
_DRAFT_ROWS = 4
_CHEAP_RATIO = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """A model file and how to run it.

    Attributes:
        tuning: What was measured; None: this machine was not tuned for this model.
    """

    path: Path
    options: LlamaOptions
    tuning: Tuning | None = None

    @property
    def n_chunk(self) -> int:
        """Most prefill rows in one step."""
        return self.tuning.settings.n_chunk if self.tuning is not None else DEFAULT_CHUNK

    def load(self) -> Backend:
        """Load the model.

        Raises:
            ModelUnavailableError: It cannot be loaded.
        """
        from inference.backends.llama_cpp import LlamaBackend

        return LlamaBackend(self.path, self.options)

    def schedule(self, info: ModelInfo) -> SchedulerOptions:
        """How batches are filled."""
        return SchedulerOptions(
            n_batch=info.n_batch,
            n_chunk=min(self.n_chunk, info.n_batch),
            mixes_classes=self._costs_little(info, _CHEAP_ROWS),
        )

    def pace(self, info: ModelInfo) -> PhasePace:
        """Adapts the threads to a busy machine."""
        costs = self.tuning.step_costs if self.tuning is not None else None
        return PhasePace(info.n_threads, costs)

    def is_guessing_worth_it(self, info: ModelInfo) -> bool:
        """Whether verifying a short draft was measured to cost little."""
        return self._costs_little(info, _DRAFT_ROWS)

    def row_costs(self, info: ModelInfo) -> RowCosts | None:
        """Durations of steps by rows; None when they were not measured."""
        return self.tuning.step_costs.by_threads.get(info.n_threads) if self.tuning else None

    def described(self) -> dict[str, object]:
        """The settings for a measurement's document."""
        options = self.options
        return {
            "n_threads": options.threads,
            "n_ctx": options.n_ctx,
            "n_batch": options.n_batch,
            "n_ubatch": options.n_ubatch,
            "n_chunk": self.n_chunk,
            "n_gpu_layers": options.n_gpu_layers,
            "main_gpu": options.main_gpu,
            "tensor_split": list(options.tensor_split),
            "kv_type_k": options.kv_type_k.value,
            "kv_type_v": options.kv_type_v.value,
            "flash_attention": options.flash_attention.value,
            "repack_weights": options.repack_weights,
            "is_tuned": self.tuning is not None,
        }

    def _costs_little(self, info: ModelInfo, n_rows: int) -> bool:
        """Whether so many rows take at most twice as long as one, as on GPUs."""
        if self.tuning is None:
            return False
        return self.tuning.step_costs.row_ratio(info.n_threads, n_rows) <= _CHEAP_RATIO


def plan_model(
    settings: Settings, *, n_threads: int | None = None, repack: bool | None = None
) -> ModelPlan:
    """What the settings and this machine's tuning say.

    Reads the file's hash and asks llama.cpp about the machine, so it takes a moment.

    Args:
        n_threads: Overrules both.
        repack: Likewise.

    Raises:
        ModelError: The model is not there, or not what it should be.
    """
    from inference.backends.options import LlamaOptions

    path = resolve(settings.model, settings.models_dir)
    digest = model_hash(path)
    wanted = settings.inference
    base = LlamaOptions(
        n_ctx=wanted.n_ctx,
        n_batch=wanted.n_batch,
        n_threads=wanted.n_threads,
        n_gpu_layers=wanted.n_gpu_layers,
        model_hash=digest,
    )
    tuning = tuning_for(settings, digest)
    options = tuned_options(settings, base, tuning)
    return ModelPlan(
        path=path,
        options=replace(
            options,
            n_threads=n_threads or options.n_threads,
            repack_weights=options.repack_weights if repack is None else repack,
        ),
        tuning=tuning,
    )
