"""How long a text is for a model: by the model's own vocabulary where its file is here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inference import EngineState, InferenceError, InferenceService
from inference.models.catalog import resolve
from inference.models.errors import ModelError

from .skills.logs.digest import estimate_tokens

_ESTIMATE_FOR_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Counts tokens.

    Attributes:
        name: Whose tokens they are, for people.
    """

    name: str
    count: Callable[[str], int]


ESTIMATE = Counter(name="an estimate on the high side", count=estimate_tokens)


@contextmanager
def open_counter(model: str, models_dir: Path) -> Generator[Counter]:
    """Count as a model does, or estimate when its file is not here.

    The weights stay in the file.

    Args:
        model: Catalogue name or path, as in the settings.
    """
    from inference.backends.llama_cpp import LlamaVocabulary
    from inference.backends.llama_native import Model
    from inference.backends.options import LlamaOptions

    try:
        path = resolve(model, models_dir)
        opened = Model(path, LlamaOptions(n_gpu_layers=0), vocabulary_only=True)
    except (ModelError, InferenceError):
        yield ESTIMATE
        return
    vocabulary = LlamaVocabulary(opened)
    try:
        yield Counter(
            name=path.name, count=lambda text: len(vocabulary.tokenize(text, parse_special=False))
        )
    finally:
        opened.close()


class EngineCounter:
    """Counts as the running engine's model does, for threads beside the event loop's.

    The engine tokenizes outside its own thread, so nothing that it computes waits. A count is an
    estimate on the high side while no model is loaded, and for a while after the engine did not
    answer at once: evidence never waits for it.

    Args:
        loop: The loop that the engine's clients run on.
        patience_s: Longest wait for a count.
    """

    def __init__(
        self, engine: InferenceService, loop: asyncio.AbstractEventLoop, patience_s: float = 0.1
    ) -> None:
        self._engine = engine
        self._loop = loop
        self._patience_s = patience_s
        self._estimate_until = 0.0

    def count(self, text: str) -> int:
        """The length of a text in tokens. Blocks; not for the loop's own thread."""
        is_late = time.monotonic() < self._estimate_until
        if is_late or self._engine.state is not EngineState.READY:
            return estimate_tokens(text)
        counting = asyncio.run_coroutine_threadsafe(self._engine.count_tokens(text), self._loop)
        try:
            return counting.result(self._patience_s)
        except (InferenceError, TimeoutError, CancelledError):
            counting.cancel()
            self._estimate_until = time.monotonic() + _ESTIMATE_FOR_S
            return estimate_tokens(text)
