from __future__ import annotations

from pathlib import Path

import pytest

from inference.request import GenerationStats
from inference.tuning.request_history import RequestHistory
from inference.tuning.request_profile import SHIPPED_PROFILE, profile_of


def stats(n_prompt: int, n_cached: int, n_output: int) -> GenerationStats:
    return GenerationStats(n_prompt=n_prompt, n_cached=n_cached, n_output=n_output)


def test_too_few_requests_leave_the_shipped_profile() -> None:
    assert profile_of([stats(500, 0, 50)] * 19) is SHIPPED_PROFILE


def test_cold_and_warm_requests_are_two_kinds_with_their_shares() -> None:
    profile = profile_of([stats(800, 700, 40)] * 30 + [stats(600, 0, 80)] * 10)
    warm, cold = profile.shapes
    assert (warm.n_cached, warm.n_prefill, warm.n_output, warm.weight) == (700, 100, 40, 0.75)
    assert (cold.n_cached, cold.n_prefill, cold.n_output, cold.weight) == (0, 600, 80, 0.25)


def test_requests_without_an_answer_do_not_count() -> None:
    assert profile_of([stats(500, 0, 0)] * 100) is SHIPPED_PROFILE


def test_a_profiles_time_is_the_mean_of_its_kinds() -> None:
    profile = profile_of([stats(800, 700, 40)] * 30 + [stats(600, 0, 80)] * 10)
    seconds = profile.request_s(0.01, 0.1)
    assert seconds == pytest.approx(0.75 * (1 + 4) + 0.25 * (6 + 8))


def test_history_outlives_the_process_and_forgets_the_oldest(tmp_path: Path) -> None:
    path = tmp_path / "new" / "requests.json"
    history = RequestHistory(path)
    for _ in range(500):
        history.note(stats(100, 0, 10))
    for _ in range(480):
        history.note(stats(900, 0, 10))
    history.save()
    profile = RequestHistory(path).profile()
    assert profile.source == "the last 500 requests"
    assert profile.shapes[0].n_prefill == 900


def test_history_is_written_at_most_once_a_minute(tmp_path: Path) -> None:
    now = 0.0
    path = tmp_path / "requests.json"
    history = RequestHistory(path, clock=lambda: now)
    history.note(stats(100, 0, 10))
    history.note(stats(200, 0, 10))
    assert path.read_text(encoding="utf-8") == "[[100,0,10]]"
    now = 61.0
    history.note(stats(300, 0, 10))
    assert path.read_text(encoding="utf-8").count("[") == 4


def test_a_damaged_history_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "requests.json"
    path.write_text('[["a"]]', encoding="utf-8")
    history = RequestHistory(path)
    assert history.profile() is SHIPPED_PROFILE
    history.note(stats(100, 0, 10))
    history.save()
    assert path.read_text(encoding="utf-8") == "[[100,0,10]]"
