"""Tuning as the settings describe it: where results are kept, and how they become options."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inference.tuning.fingerprint import Fingerprint, read_fingerprint
from inference.tuning.gpu_plan import GpuPlacement, gpu_plan
from inference.tuning.tuning_store import load_tuning

from .settings import Settings

if TYPE_CHECKING:
    from inference.backends.options import LlamaOptions
    from inference.models.inspect import ModelFacts
    from inference.tuning.llama_measurer import LlamaMeasurer, Workload
    from inference.tuning.tune import TuningSubject
    from inference.tuning.tuning import Tuning

_TUNED_FIELDS = frozenset({"n_threads", "n_gpu_layers", "n_batch"})


def tuning_dir(settings: Settings) -> Path:
    """Where tunings are kept: beside the models they are for."""
    return settings.models_dir.parent / "tuning"


def history_path(settings: Settings) -> Path:
    """Where the lengths of recent requests are kept."""
    return settings.home / "requests.json"


def tuning_for(settings: Settings, model_hash: str) -> Tuning | None:
    """What was measured for a model on this machine; None: nothing that holds here."""
    return load_tuning(tuning_dir(settings), model_hash, this_machine())


def this_machine() -> Fingerprint:
    """What measurements depend on; loads llama.cpp to ask for its build and devices."""
    from inference.backends.llama_native import library_build, native_inventory

    return read_fingerprint(library_build(), native_inventory().devices())


def model_hash(path: Path) -> str:
    """SHA-256 of a model's file, read from what was remembered when it has not changed since.

    Raises:
        BadModelFileError: It cannot be read.
    """
    from inference.models import verify
    from inference.models.errors import BadModelFileError

    known = verify.remembered_hash(path)
    if known is not None:
        return known
    try:
        digest = verify.sha256_file(path)
        verify.remember(path, digest)
    except OSError as exc:
        raise BadModelFileError(path, (exc.strerror or str(exc)).lower()) from exc
    return digest


def tuned_options(settings: Settings, base: LlamaOptions, tuning: Tuning | None) -> LlamaOptions:
    """How to load the model: as tuned, except for what the operator has set.

    Args:
        base: Made from the settings.
        tuning: Of this model on this machine; None leaves `base` as it is.
    """
    if tuning is None:
        return base
    named = settings.inference.model_fields_set & _TUNED_FIELDS
    chosen = {name: getattr(base, name) for name in named}
    if "n_batch" in named:
        chosen["n_ubatch"] = min(base.n_ubatch, base.n_batch)
    return replace(tuning.options(base), **chosen)


@contextmanager
def open_measurer(
    settings: Settings, model: str, workload: Workload
) -> Generator[tuple[LlamaMeasurer, TuningSubject]]:
    """Get ready to measure a model; frees it at the end.

    Args:
        model: Catalogue entry or path.

    Raises:
        ModelError: There is no such model, or its file is not what it should be.
        ModelUnavailableError: It is no generating model.
    """
    from inference import ModelUnavailableError
    from inference.backends.llama_cpp import LlamaBackend
    from inference.backends.options import LlamaOptions
    from inference.models.catalog import resolve
    from inference.models.inspect import inspect_model
    from inference.tuning.llama_measurer import LlamaMeasurer
    from inference.tuning.tune import TuningSubject

    path = resolve(model, settings.models_dir)
    facts = inspect_model(path)
    if facts.is_encoder:
        raise ModelUnavailableError(f"{path.name} is an embedding model, it cannot be tuned")
    n_ctx = settings.inference.n_ctx
    machine = this_machine()
    measurer = LlamaMeasurer(
        lambda options: LlamaBackend(path, options),
        facts,
        LlamaOptions(n_ctx=n_ctx),
        workload,
        most_threads=max(machine.n_cores, machine.n_usable),
    )
    try:
        yield (
            measurer,
            TuningSubject(
                model_hash=model_hash(path),
                model_name=path.stem,
                n_ctx=n_ctx,
                fingerprint=machine,
                placements=_placements(facts, n_ctx),
            ),
        )
    finally:
        measurer.close()


def _placements(facts: ModelFacts, n_ctx: int) -> tuple[GpuPlacement, ...]:
    """Ways to use the GPUs; none when llama.cpp was built without them."""
    from inference.backends.llama_native import build_features, native_inventory

    if not build_features()[1]:
        return ()
    return gpu_plan(
        n_layers=facts.shape.n_layers,
        model_bytes=facts.n_file_bytes,
        kv_bytes=facts.memory(n_ctx).kv_bytes,
        devices=native_inventory().devices(),
    )
