"""Beginnings of lines show no half of a secret and no half of a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.skills.logs.clipping import safe_start, word_start

SECRET = "ghp_" + "Ab1" * 12


@pytest.mark.parametrize("n_kept", range(len("token ") + len(SECRET) + 1))
def test_a_secret_at_the_cut_leaves_nothing_of_itself(n_kept: int) -> None:
    line = f"upload failed, token {SECRET} was refused"
    start = safe_start(line, len("upload failed, ") + n_kept)
    assert "Ab1" not in start
    assert start.startswith("upload failed, ")


@given(st.text(st.sampled_from("ab \u00e9"), max_size=40), st.integers(1, 40))
def test_a_cut_falls_between_words(text: str, max_chars: int) -> None:
    start = word_start(text, max_chars)
    assert text.startswith(start)
    assert len(start) <= max_chars
    assert start == text or " " not in text[:max_chars].strip() or text[len(start)] == " "


def test_a_text_of_one_long_word_is_cut_all_the_same() -> None:
    assert word_start("x" * 50, 10) == "x" * 10
    assert word_start("ab cdefgh", 6) == "ab"
    assert word_start("ab cde fgh", 6) == "ab cde"
