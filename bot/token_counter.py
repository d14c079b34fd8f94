"""How long a text is for a model: by the model's own vocabulary where its file is here."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inference.errors import InferenceError
from inference.models.catalog import resolve
from inference.models.errors import ModelError

from .skills.logs.digest import estimate_tokens


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
