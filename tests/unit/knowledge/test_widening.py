"""Chunks found, with the neighbours that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge import estimate_tokens
from knowledge.documents import Chunk
from knowledge.widening import Place, widen

PLENTY = 100_000


def _chunk(path: str, ordinal: int, *, heading: str = "", text: str = "") -> Chunk:
    first = 1 + 4 * ordinal
    return Chunk(
        source="/d",
        path=path,
        title="T",
        heading_path=(heading,) if heading else (),
        ordinal=ordinal,
        lines=(first, first + 1),
        text=text or f"{path} {ordinal}\nmore",
        sha256="",
    )


DOCUMENTS = {
    (chunk.source, chunk.path, chunk.ordinal): chunk
    for path, n_chunks in (("a", 8), ("b", 2), ("c", 1))
    for chunk in (_chunk(path, ordinal) for ordinal in range(n_chunks))
}


def _at(place: Place) -> Chunk | None:
    return DOCUMENTS.get(place)


def test_a_chunk_is_read_with_what_surrounds_it() -> None:
    (span,) = widen([DOCUMENTS["/d", "a", 3]], _at, PLENTY)
    assert [chunk.ordinal for chunk in span.chunks] == [2, 3, 4, 5]
    assert span.matched.ordinal == 3
    assert span.lines == (9, 22)


def test_chunks_that_touch_become_one_passage_at_the_better_rank() -> None:
    found = [DOCUMENTS["/d", "b", 0], DOCUMENTS["/d", "a", 4], DOCUMENTS["/d", "a", 2]]
    spans = widen(found, _at, PLENTY)
    assert [(span.matched.path, span.matched.ordinal) for span in spans] == [("b", 0), ("a", 4)]


def test_without_room_every_chunk_stays_alone() -> None:
    found = [DOCUMENTS["/d", "a", 3], DOCUMENTS["/d", "c", 0]]
    room = sum(estimate_tokens(chunk.embedded_text) for chunk in found)
    spans = widen(found, _at, room)
    assert [span.chunks for span in spans] == [(chunk,) for chunk in found]


def test_the_best_chunk_is_kept_even_when_it_is_too_long() -> None:
    assert len(widen([DOCUMENTS["/d", "a", 3]], _at, 1)) == 1
    assert widen([], _at, PLENTY) == ()


def test_lines_of_a_passage_are_those_of_the_document() -> None:
    (span,) = widen([DOCUMENTS["/d", "a", 3]], _at, PLENTY)
    lines = span.text.split("\n")
    assert len(lines) == span.lines[1] - span.lines[0] + 1
    for chunk in span.chunks:
        assert lines[chunk.lines[0] - span.lines[0]] == f"a {chunk.ordinal}"


def test_a_heading_between_two_chunks_is_said() -> None:
    first, second = _chunk("h", 0, heading="Before"), _chunk("h", 1, heading="After")
    chunks = {("/d", "h", 0): first, ("/d", "h", 1): second}
    (span,) = widen([first], chunks.get, PLENTY)
    assert span.text == "h 0\nmore\n\n## After\nh 1\nmore"


def test_a_paragraph_cut_in_two_is_put_together_again() -> None:
    first = _chunk("p", 0, text="one half")
    second = Chunk(
        source="/d", path="p", title="T", heading_path=(), ordinal=1, lines=(2, 3),
        text="and the other", sha256="",
    )  # fmt: skip
    chunks = {("/d", "p", 0): first, ("/d", "p", 1): second}
    (span,) = widen([first], chunks.get, PLENTY)
    assert (span.text, span.lines) == ("one half and the other", (1, 3))


@given(st.lists(st.sampled_from(sorted(DOCUMENTS)), unique=True, max_size=6), st.integers(0, 400))
def test_what_is_found_is_read_once_and_the_budget_holds(places: list[Place], room: int) -> None:
    spans = widen([DOCUMENTS[place] for place in places], _at, room)
    read = [chunk for span in spans for chunk in span.chunks]
    assert len({(chunk.path, chunk.ordinal) for chunk in read}) == len(read)
    n_tokens = sum(estimate_tokens(chunk.embedded_text) for chunk in read)
    assert n_tokens <= room or len(read) == 1
