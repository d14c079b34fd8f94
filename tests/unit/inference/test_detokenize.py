from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inference.detokenize import TextAssembler

TEXTS = st.text(alphabet="ab<|é→🔥\n", max_size=40)
STOPS = st.lists(st.text(alphabet="ab<|é→", min_size=1, max_size=5), max_size=3).map(tuple)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def assemble(pieces: list[bytes], stop: tuple[str, ...] = ()) -> tuple[list[str], TextAssembler]:
    assembler = TextAssembler(stop)
    deltas = [assembler.push(piece) for piece in pieces]
    return [*deltas, assembler.finish()], assembler


@given(TEXTS, st.lists(st.integers(min_value=0)))
def test_any_split_of_the_bytes_gives_the_text(text: str, cuts: list[int]) -> None:
    deltas, _ = assemble(split(text.encode(), cuts))
    assert "".join(deltas) == text


@given(TEXTS, STOPS, st.lists(st.integers(min_value=0)))
def test_text_ends_before_the_first_stop_string_however_it_is_split(
    text: str, stop: tuple[str, ...], cuts: list[int]
) -> None:
    whole = TextAssembler(stop)
    expected = whole.push(text.encode()) + whole.finish()

    deltas, assembler = assemble(split(text.encode(), cuts), stop)

    shown = "".join(deltas)
    assert not any(string in shown for string in stop)
    assert text.startswith(shown)
    assert assembler.is_stopped == any(string in text for string in stop)
    if len(stop) == 1:
        assert shown == expected == text.split(stop[0])[0]


@given(st.binary(max_size=30))
def test_bytes_that_are_no_text_never_raise(data: bytes) -> None:
    deltas, _ = assemble([data[i : i + 1] for i in range(len(data))])
    assert "".join(deltas) == data.decode(errors="replace")


def test_an_unfinished_character_is_held_back() -> None:
    assembler = TextAssembler()
    fire = "🔥".encode()
    assert [assembler.push(fire[i : i + 1]) for i in range(4)] == ["", "", "", "🔥"]


def test_only_what_may_become_a_stop_string_is_held_back() -> None:
    assembler = TextAssembler(("\n\nUser:",))
    assert assembler.push(b"line\n") == "line"
    assert assembler.push(b"\nUse") == ""
    assert assembler.push(b"ful") == "\n\nUseful"
    assert assembler.push(b"!") == "!"


def test_nothing_comes_after_a_stop_string() -> None:
    assembler = TextAssembler(("5",))
    assert assembler.push(b"4, 5, 6") == "4, "
    assert assembler.is_stopped
    assert assembler.push(b"7") == ""
    assert assembler.finish() == ""


def test_the_earliest_of_several_stop_strings_counts() -> None:
    assembler = TextAssembler(("END", "b"))
    assert assembler.push(b"aaabEND") == "aaa"


def test_a_cut_off_character_becomes_a_replacement_at_the_end() -> None:
    assembler = TextAssembler()
    assert assembler.push("é".encode()[:1]) == ""
    assert assembler.finish() == "\N{REPLACEMENT CHARACTER}"
