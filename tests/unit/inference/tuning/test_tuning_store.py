from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inference.backends.options import KvType, LlamaOptions
from inference.tuning.fingerprint import Fingerprint
from inference.tuning.gpu_plan import GpuPlacement
from inference.tuning.request_profile import SHIPPED_PROFILE
from inference.tuning.tune import TuningSubject, quick_plan, tune
from inference.tuning.tuning import Tuning
from inference.tuning.tuning_chart import save_chart
from inference.tuning.tuning_store import load_tuning, save_tuning

from .conftest import SimulatedMachine

HASH = "ab" * 32


@pytest.fixture
def tuning(fingerprint: Fingerprint) -> Tuning:
    machine = SimulatedMachine()
    subject = TuningSubject(
        model_hash=HASH,
        model_name="a-model",
        n_ctx=8192,
        fingerprint=fingerprint,
        placements=(GpuPlacement(n_gpu_layers=-1), GpuPlacement(n_gpu_layers=0)),
    )
    plan = replace(quick_plan(), workload=replace(quick_plan().workload, n_prefill=256))
    plan = replace(plan, limits=replace(plan.limits, budget_s=1000))
    return tune(machine, subject, SHIPPED_PROFILE, plan, clock=machine.clock)


def test_what_was_saved_is_loaded(tmp_path: Path, tuning: Tuning) -> None:
    save_tuning(tmp_path / "new", tuning)
    assert load_tuning(tmp_path / "new", HASH, tuning.fingerprint) == tuning


def test_nothing_else_is_left_in_the_folder(tmp_path: Path, tuning: Tuning) -> None:
    path = save_tuning(tmp_path, tuning)
    save_tuning(tmp_path, tuning)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("other", [{"library": "2.0"}, {"n_usable": 2}, {"devices": ("CUDA0",)}])
def test_another_machines_tuning_is_not_used(
    tmp_path: Path, tuning: Tuning, other: dict[str, object]
) -> None:
    path = save_tuning(tmp_path, tuning)
    elsewhere = replace(tuning.fingerprint, **other)
    assert load_tuning(tmp_path, HASH, elsewhere) is None
    assert load_tuning(tmp_path, "cd" * 32, tuning.fingerprint) is None
    path.rename(tmp_path / f"{HASH[:16]}-{elsewhere.digest}.json")
    assert load_tuning(tmp_path, HASH, elsewhere) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"model_hash": 3}'])
def test_a_damaged_file_is_ignored(tmp_path: Path, tuning: Tuning, content: bytes) -> None:
    save_tuning(tmp_path, tuning).write_bytes(content)
    assert load_tuning(tmp_path, HASH, tuning.fingerprint) is None


def test_a_file_cut_short_anywhere_is_ignored(tmp_path: Path, tuning: Tuning) -> None:
    path = save_tuning(tmp_path, tuning)
    content = path.read_bytes()
    for n_bytes in range(0, len(content), 97):
        path.write_bytes(content[:n_bytes])
        assert load_tuning(tmp_path, HASH, tuning.fingerprint) is None


def test_tuned_settings_become_options_and_leave_the_rest(tuning: Tuning) -> None:
    base = LlamaOptions(n_ctx=8192, n_seq_max=17, model_hash=HASH)
    options = tuning.options(base)
    assert (options.n_ctx, options.n_seq_max, options.model_hash) == (8192, 17, HASH)
    assert (options.n_threads, options.kv_type_k, options.kv_type_v) == (
        4,
        KvType.Q8_0,
        KvType.Q8_0,
    )
    assert options.n_ubatch == options.n_batch > tuning.settings.n_chunk == 256


def test_steps_cost_more_with_fewer_threads_more_rows_and_more_cells(tuning: Tuning) -> None:
    costs = tuning.step_costs
    few = costs.expected_s(n_threads=4, n_rows=1, n_cells=0)
    assert costs.expected_s(n_threads=1, n_rows=1, n_cells=0) == pytest.approx(4 * few)
    assert costs.expected_s(n_threads=4, n_rows=6, n_cells=0) > few
    assert costs.expected_s(n_threads=4, n_rows=1, n_cells=900) > few


def test_row_ratios_tell_what_a_draft_has_to_earn(tuning: Tuning) -> None:
    ratios = tuning.row_ratios
    assert ratios[1] == 1
    assert ratios[4] == pytest.approx(0.06 / 0.03)
    assert {1, 2, 4, 8, 16} < set(ratios)


def test_the_chart_is_a_picture(tmp_path: Path, tuning: Tuning) -> None:
    save_chart(tuning, tmp_path / "tuning.svg")
    text = (tmp_path / "tuning.svg").read_text(encoding="utf-8")
    assert text.count("<path") > 50
