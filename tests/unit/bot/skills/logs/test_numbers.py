"""One is never several."""

from __future__ import annotations

import pytest

from bot.skills.logs.numbers import count_text, names_text, read_text


@pytest.mark.parametrize(
    ("count", "counted", "read"),
    [
        (0, "0 entries", "0 entries were read"),
        (1, "1 entry", "1 entry was read"),
        (2310, "2,310 entries", "2,310 entries were read"),
    ],
)
def test_one_is_never_several(count: int, counted: str, read: str) -> None:
    assert count_text(count, "entry", "entries") == counted
    assert read_text(count, "entry", "entries") == read


def test_most_nouns_just_get_an_s() -> None:
    assert (count_text(1, "line"), count_text(2, "line")) == ("1 line", "2 lines")


def test_of_many_names_the_first_are_shown_and_all_are_counted() -> None:
    assert names_text(["a"]) == "a"
    assert names_text(list("abcdefghijkl")) == "a, b, c, d, e, f, g, h, i, j, k, l"
    assert names_text([str(n) for n in range(10_012)]).endswith(", 11 and 10,000 more")
