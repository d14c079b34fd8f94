"""Tuning a small real model for a few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inference.backends.llama_cpp import LlamaBackend
from inference.backends.llama_native import library_build, native_inventory
from inference.backends.options import FlashAttention, KvType, LlamaOptions
from inference.models.inspect import inspect_model
from inference.tuning.fingerprint import read_fingerprint
from inference.tuning.llama_measurer import LlamaMeasurer, Workload
from inference.tuning.request_profile import SHIPPED_PROFILE
from inference.tuning.search import SearchLimits
from inference.tuning.tune import TuningPlan, TuningSubject, tune
from inference.tuning.tuned_settings import TunedSettings
from inference.tuning.tuning_store import load_tuning, save_tuning

pytestmark = pytest.mark.model

WORKLOAD = Workload(n_cached=8, n_prefill=16, n_decode=2)
PLAIN = TunedSettings(n_threads=1, n_chunk=64)


@pytest.fixture
def measurer(smollm2: Path) -> Iterator[LlamaMeasurer]:
    measurer = LlamaMeasurer(
        lambda options: LlamaBackend(smollm2, options),
        inspect_model(smollm2),
        LlamaOptions(n_ctx=2048),
        WORKLOAD,
        most_threads=2,
    )
    yield measurer
    measurer.close()


def test_more_rows_take_longer_but_less_than_one_at_a_time(measurer: LlamaMeasurer) -> None:
    def fastest(n_rows: int) -> float:
        return min(measurer.step_s(PLAIN, n_rows=n_rows, n_cells=8) for _ in range(5))

    one, sixteen = fastest(1), fastest(16)
    assert one < sixteen < 16 * one


def test_a_sample_is_the_time_of_one_token_of_each_kind(measurer: LlamaMeasurer) -> None:
    sample = measurer.sample(PLAIN)
    assert 0 < sample.prefill_token_s < 1
    assert 0 < sample.decode_token_s < 5


def test_another_layout_of_the_weights_writes_the_same(measurer: LlamaMeasurer) -> None:
    other = replace(PLAIN, repack_weights=True, flash_attention=FlashAttention.OFF)
    assert measurer.has_equal_output(other, PLAIN)


def test_a_smaller_cache_and_smaller_batches_take_less_memory(measurer: LlamaMeasurer) -> None:
    plain = measurer.memory_bytes(PLAIN)
    assert measurer.memory_bytes(replace(PLAIN, kv_type=KvType.Q8_0)) < plain
    assert measurer.memory_bytes(replace(PLAIN, n_chunk=256)) > plain


def test_a_tuning_of_a_real_model_can_be_kept_and_used(
    measurer: LlamaMeasurer, smollm2: Path, tmp_path: Path
) -> None:
    machine = read_fingerprint(library_build(), native_inventory().devices())
    machine = replace(machine, n_cores=1, n_usable=1)
    subject = TuningSubject(
        model_hash="ab" * 32, model_name=smollm2.stem, n_ctx=2048, fingerprint=machine
    )
    plan = TuningPlan(limits=SearchLimits(n_rounds=1, budget_s=0.5), workload=WORKLOAD, n_repeats=1)
    save_tuning(tmp_path, tune(measurer, subject, SHIPPED_PROFILE, plan))
    tuning = load_tuning(tmp_path, "ab" * 32, machine)
    assert tuning is not None
    options = tuning.options(LlamaOptions(n_ctx=512, n_seq_max=2))
    backend = LlamaBackend(smollm2, options)
    assert backend.info.n_batch == tuning.settings.n_ubatch
    backend.close()
