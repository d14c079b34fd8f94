from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.speculation.grammar.characters import ANY, N_CODE_POINTS, CharacterSet

CODE_POINTS = st.integers(0, 60)
RANGES = st.lists(st.tuples(CODE_POINTS, CODE_POINTS), max_size=8)


@given(RANGES, CODE_POINTS)
def test_a_set_holds_what_any_of_its_ranges_holds(
    ranges: list[tuple[int, int]], code_point: int
) -> None:
    expected = any(start <= code_point < stop for start, stop in ranges)
    assert (code_point in CharacterSet.of(ranges)) is expected


@given(RANGES, CODE_POINTS)
def test_a_character_is_in_a_set_or_in_its_inverse(
    ranges: list[tuple[int, int]], code_point: int
) -> None:
    some = CharacterSet.of(ranges)
    assert (code_point in some) is not (code_point in some.inverted())
    assert some.inverted().inverted() == some


@given(RANGES)
def test_a_set_is_forced_only_when_it_has_one_character(ranges: list[tuple[int, int]]) -> None:
    members = {code for start, stop in ranges for code in range(start, stop)}
    expected = members.pop() if len(members) == 1 else None
    assert CharacterSet.of(ranges).only == expected


def test_any_character_ends_with_the_last_code_point() -> None:
    assert N_CODE_POINTS - 1 in ANY
    assert N_CODE_POINTS not in ANY
