from __future__ import annotations

from bot.benchmarks.same_model import is_same_model


def test_folders_case_and_suffix_make_no_other_model() -> None:
    assert is_same_model(["Tiny-1B-Q4.gguf", "/models/tiny-1b-q4.GGUF", "tiny-1b-q4"])
    assert is_same_model(["one"])
    assert not is_same_model(["tiny-1b-q4", "tiny-1b-q8"])
