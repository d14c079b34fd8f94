"""The generating model of the settings, with everything that was measured for it here.

Everything is decided when the model is loaded, in the engine thread: finding the file, checking its
hash and asking llama.cpp about the machine must not hold up a start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inference import ModelUnavailableError
from inference.backends.base import Backend, ModelInfo
from inference.contention import ThreadController
from inference.models.catalog import resolve
from inference.models.errors import ModelError
from inference.parts import EngineParts
from inference.persistence import keeper_opener
from inference.scheduler import SchedulerOptions
from inference.speculation import DraftModel, Speculation, SpeculationOptions
from inference.speculation.policy import DEFAULT_ROW_COSTS
from inference.tuning.request_history import RequestHistory

from .settings import Settings
from .tuning import history_path, model_hash, tuned_options, tuning_for

if TYPE_CHECKING:
    from inference.backends.options import LlamaOptions
    from inference.tuning.tuning import Tuning

_DEFAULT_CHUNK = 128
_CHEAP_ROWS = 8
_DRAFT_ROWS = 4
_CHEAP_RATIO = 2.0


class LocalModel:
    """Loads the model as tuned, and makes the engine parts that depend on it."""

    def __init__(self, settings: Settings) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._tuning: Tuning | None = None

    def load(self) -> Backend:
        """Load the model.

        Raises:
            ModelUnavailableError: It is unknown, was not pulled, or cannot be loaded.
        """
        from inference.backends.llama_cpp import LlamaBackend

        path = find_model(self._settings.model, self._settings)
        try:
            digest = model_hash(path)
        except ModelError as exc:
            raise ModelUnavailableError(str(exc)) from exc
        self._tuning = tuning_for(self._settings, digest)
        return LlamaBackend(path, self._options(digest))

    def parts(self) -> EngineParts:
        """What the engine is made of beside the model."""
        inference = self._settings.inference
        keeps_states = inference.state_cache_mb > 0
        return EngineParts(
            choose_schedule=self._schedule,
            max_idle_cells=inference.max_idle_cells,
            make_pace=self._pace if inference.adapt_threads else None,
            make_speculation=self._speculation,
            open_states=keeper_opener(
                self._settings.home / "kv-states", max_bytes=inference.state_cache_mb * 2**20
            )
            if keeps_states
            else None,
            note_answer=RequestHistory(history_path(self._settings)).note,
        )

    def _options(self, digest: str) -> LlamaOptions:
        from inference.backends.options import LlamaOptions

        inference = self._settings.inference
        base = LlamaOptions(
            n_ctx=inference.n_ctx,
            n_batch=inference.n_batch,
            n_threads=inference.n_threads,
            n_gpu_layers=inference.n_gpu_layers,
            model_hash=digest,
        )
        return tuned_options(self._settings, base, self._tuning)

    def _schedule(self, info: ModelInfo) -> SchedulerOptions:
        n_chunk = self._tuning.settings.n_chunk if self._tuning is not None else _DEFAULT_CHUNK
        return SchedulerOptions(
            n_batch=info.n_batch,
            n_chunk=min(n_chunk, info.n_batch),
            mixes_classes=self._are_rows_cheap(info),
        )

    def _are_rows_cheap(self, info: ModelInfo) -> bool:
        """Whether computing several rows costs little more than one, as on GPUs."""
        if self._tuning is None:
            return False
        ratio = self._tuning.step_costs.row_ratio(info.n_threads, _CHEAP_ROWS)
        return ratio <= _CHEAP_RATIO

    def _pace(self, info: ModelInfo) -> ThreadController:
        costs = self._tuning.step_costs if self._tuning is not None else None
        return ThreadController(info.n_threads, costs)

    def _is_guessing_wanted(self, info: ModelInfo) -> bool:
        wish = self._settings.inference.speculate
        if wish != "auto":
            return wish == "on"
        if self._tuning is None:
            return False
        return self._tuning.step_costs.row_ratio(info.n_threads, _DRAFT_ROWS) <= _CHEAP_RATIO

    def _speculation(self, backend: Backend) -> Speculation | None:
        if not self._is_guessing_wanted(backend.info):
            return None
        row_costs = DEFAULT_ROW_COSTS
        if self._tuning is not None:
            measured = self._tuning.step_costs.by_threads
            row_costs = measured.get(backend.info.n_threads, row_costs)
        draft = self._draft_model(backend)
        options = SpeculationOptions(draft_model=draft is not None, row_costs=row_costs)
        return Speculation(options, backend.vocabulary, draft)

    def _draft_model(self, target: Backend) -> DraftModel | None:
        name = self._settings.inference.draft_model
        if not name:
            return None
        from inference.backends.llama_cpp import LlamaBackend, LlamaVocabulary
        from inference.backends.options import LlamaOptions

        if not isinstance(target.vocabulary, LlamaVocabulary):
            return None
        options = LlamaOptions(
            n_ctx=self._settings.inference.n_ctx, n_threads=target.info.n_threads, n_seq_max=8
        )
        draft = LlamaBackend(find_model(name, self._settings), options)
        return DraftModel(draft, draft.vocabulary, target.vocabulary)


def find_model(name: str, settings: Settings) -> Path:
    """The verified file of a model setting.

    Raises:
        ModelUnavailableError: It is unknown, was not pulled, or is not what it should be.
    """
    try:
        return resolve(name, settings.models_dir)
    except ModelError as exc:
        raise ModelUnavailableError(str(exc)) from exc
