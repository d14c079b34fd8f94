"""How the bot would open its engine here, for measurements that open one themselves."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from inference.backends.base import Backend, ModelInfo
from inference.backends.options import LlamaOptions
from inference.contention import ThreadController
from inference.models.catalog import resolve
from inference.parts import EngineParts
from inference.scheduler import SchedulerOptions
from inference.step_costs import StepCosts

from ..settings import Settings
from ..tuning import model_hash, tuned_options, tuning_for
from .throughput import EngineProbe, open_probe

_DEFAULT_CHUNK = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePlan:
    """A model file and how to run it.

    Attributes:
        n_chunk: Most prefill rows in one step.
        costs: Measured durations of steps; None: this machine was not tuned for this model.
    """

    path: Path
    options: LlamaOptions
    n_chunk: int = _DEFAULT_CHUNK
    costs: StepCosts | None = None

    def load(self) -> Backend:
        """Load the model.

        Raises:
            ModelUnavailableError: It cannot be loaded.
        """
        from inference.backends.llama_cpp import LlamaBackend

        return LlamaBackend(self.path, self.options)

    def parts(self, *, is_adapting: bool) -> EngineParts:
        """The engine's parts: no speculation and no saved states, threads fixed or adapting."""
        return EngineParts(
            choose_schedule=self._schedule,
            make_pace=self._pace if is_adapting else None,
        )

    def open(self, *, is_adapting: bool = False) -> AbstractAsyncContextManager[EngineProbe]:
        """An engine that only measures; see `open_probe`."""
        return open_probe(self.load, self.parts(is_adapting=is_adapting))

    def _schedule(self, info: ModelInfo) -> SchedulerOptions:
        return SchedulerOptions(n_batch=info.n_batch, n_chunk=min(self.n_chunk, info.n_batch))

    def _pace(self, info: ModelInfo) -> ThreadController:
        return ThreadController(info.n_threads, self.costs)

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
            "kv_type_k": options.kv_type_k.value,
            "kv_type_v": options.kv_type_v.value,
            "flash_attention": options.flash_attention.value,
            "repack_weights": options.repack_weights,
            "is_tuned": self.costs is not None,
        }


def plan_engine(
    settings: Settings, *, n_threads: int | None = None, repack: bool | None = None
) -> EnginePlan:
    """What the settings and this machine's tuning say.

    Args:
        n_threads: Overrules both.
        repack: Likewise.

    Raises:
        ModelError: The model is not there, or not what it should be.
    """
    path = resolve(settings.model, settings.models_dir)
    wanted = settings.inference
    base = LlamaOptions(
        n_ctx=wanted.n_ctx,
        n_batch=wanted.n_batch,
        n_threads=wanted.n_threads,
        n_gpu_layers=wanted.n_gpu_layers,
    )
    tuning = tuning_for(settings, model_hash(path))
    options = tuned_options(settings, base, tuning)
    return EnginePlan(
        path=path,
        options=replace(
            options,
            n_threads=n_threads or options.n_threads,
            repack_weights=options.repack_weights if repack is None else repack,
        ),
        n_chunk=tuning.settings.n_chunk if tuning is not None else _DEFAULT_CHUNK,
        costs=tuning.step_costs if tuning is not None else None,
    )
