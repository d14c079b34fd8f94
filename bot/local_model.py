"""The generating model of the settings, and the engine parts that depend on it.

Everything is decided when the model is loaded, in the engine thread: finding the file, checking its
hash and asking llama.cpp about the machine must not hold up a start.
"""

from __future__ import annotations

from pathlib import Path

from inference import ModelUnavailableError
from inference.backends.base import Backend, ModelInfo
from inference.models.catalog import resolve
from inference.models.errors import ModelError
from inference.pace import PhasePace
from inference.parts import EngineParts
from inference.persistence import keeper_opener
from inference.scheduler import SchedulerOptions
from inference.speculation import DraftModel, Speculation, SpeculationOptions
from inference.speculation.policy import DEFAULT_ROW_COSTS
from inference.tuning.request_history import RequestHistory

from .model_plan import ModelPlan, plan_model
from .settings import Settings
from .tuning import history_path


class LocalModel:
    """Loads the model as tuned, and makes the engine parts that depend on it."""

    def __init__(self, settings: Settings) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._plan: ModelPlan | None = None

    def load(self) -> Backend:
        """Load the model.

        Raises:
            ModelUnavailableError: It is unknown, was not pulled, or cannot be loaded.
        """
        try:
            self._plan = plan_model(self._settings)
        except ModelError as exc:
            raise ModelUnavailableError(str(exc)) from exc
        return self._plan.load()

    def parts(self) -> EngineParts:
        """What the engine is made of beside the model."""
        inference = self._settings.inference
        n_state_bytes = inference.state_cache_mb * 2**20
        folder = self._settings.home / "kv-states"
        return EngineParts(
            choose_schedule=self._schedule,
            max_idle_cells=inference.max_idle_cells,
            max_offload_bytes=inference.offload_mb * 2**20,
            make_pace=self._pace if inference.adapt_threads else None,
            make_speculation=self._speculation,
            open_states=keeper_opener(folder, max_bytes=n_state_bytes) if n_state_bytes else None,
            note_answer=RequestHistory(history_path(self._settings)).note,
        )

    @property
    def _loaded(self) -> ModelPlan:
        if self._plan is None:
            raise ModelUnavailableError("the model is not loaded yet")
        return self._plan

    def _schedule(self, info: ModelInfo) -> SchedulerOptions:
        return self._loaded.schedule(info)

    def _pace(self, info: ModelInfo) -> PhasePace:
        return self._loaded.pace(info)

    def _speculation(self, backend: Backend) -> Speculation | None:
        wish, plan = self._settings.inference.speculate, self._loaded
        if wish == "off" or (wish == "auto" and not plan.is_guessing_worth_it(backend.info)):
            return None
        draft = self._draft_model(backend)
        row_costs = plan.row_costs(backend.info) or DEFAULT_ROW_COSTS
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
