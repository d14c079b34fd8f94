from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.settings import InferenceSettings, Settings, load_settings
from bot.tuning import history_path, tuned_options, tuning_dir
from inference.backends.options import LlamaOptions
from inference.step_costs import RowCosts, StepCosts
from inference.tuning.fingerprint import Fingerprint
from inference.tuning.measuring import Comparison, Sample
from inference.tuning.request_profile import SHIPPED_PROFILE
from inference.tuning.search import SearchResult
from inference.tuning.tuned_settings import TunedSettings
from inference.tuning.tuning import Tuning

BASE = LlamaOptions(n_ctx=4096, n_batch=512, n_threads=7, n_gpu_layers=5)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(models_dir=tmp_path / "models", home=tmp_path)


@pytest.fixture
def tuning() -> Tuning:
    sample = Sample(prefill_token_s=0.01, decode_token_s=0.03)
    start = TunedSettings(n_threads=4)
    return Tuning(
        model_hash="ab" * 32,
        model_name="a-model",
        fingerprint=Fingerprint(
            cpu="A", n_cores=4, n_usable=4, memory_gib=8, library="1", devices=()
        ),
        measured_at="2026-01-01T00:00:00+00:00",
        n_ctx=4096,
        profile=SHIPPED_PROFILE,
        search=SearchResult(
            start=start,
            best=replace(start, n_threads=3, n_chunk=256, n_gpu_layers=0),
            final=Comparison(base_s=2, other_s=1, noise=0.01, base=sample, other=sample),
            trials=(),
            is_complete=True,
        ),
        step_costs=StepCosts(by_threads={3: RowCosts(seconds={1: 0.03})}),
    )


def test_tunings_lie_beside_the_models(settings: Settings) -> None:
    assert tuning_dir(settings) == settings.models_dir.parent / "tuning"
    assert history_path(settings).parent == settings.home


def test_without_a_tuning_the_options_stay(settings: Settings) -> None:
    assert tuned_options(settings, BASE, None) is BASE


def test_what_was_tuned_replaces_what_nobody_set(settings: Settings, tuning: Tuning) -> None:
    options = tuned_options(settings, BASE, tuning)
    assert (options.n_threads, options.n_gpu_layers, options.n_batch) == (3, 0, 320)
    assert options.n_ctx == 4096


def test_what_the_operator_set_wins(settings: Settings, tuning: Tuning) -> None:
    chosen = settings.model_copy(
        update={"inference": InferenceSettings(n_threads=7, n_batch=512, n_gpu_layers=5)}
    )
    options = tuned_options(chosen, BASE, tuning)
    assert (options.n_threads, options.n_gpu_layers, options.n_batch) == (7, 5, 512)
