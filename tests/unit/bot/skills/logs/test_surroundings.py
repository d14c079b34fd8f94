"""The lines around a line are found where it is now, and only when it is the same line."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.skills.logs.sources import TextStream
from bot.skills.logs.surroundings import excerpt_from, excerpt_of
from bot.store.log_answers import Evidence

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def stream(*lines: str, name: str = "a.log") -> TextStream:
    return TextStream(name=name, text="\n".join(lines) + "\n")


def evidence(number: int, line: str, source: str = "a.log") -> Evidence:
    return Evidence(
        number=1,
        service="a",
        template_id="t",
        value="",
        pattern="p",
        source=source,
        line_number=number,
        line=line,
    )


def test_the_lines_around_a_line_come_with_their_numbers() -> None:
    text = stream(*(f"line {n}" for n in range(1, 40)))
    found = excerpt_of((text,), evidence(20, "line 20"), NOW, radius=2)
    assert found is not None
    assert found.lines == tuple((n, f"line {n}") for n in range(18, 23))
    assert (found.source, found.marked) == ("a.log", 20)


def test_the_place_where_it_was_seen_is_preferred_to_an_equal_line_elsewhere() -> None:
    text = stream("same", "x", "same", "y")
    found = excerpt_of((stream("same", name="b.log"), text), evidence(3, "same"), NOW, radius=1)
    assert found is not None
    assert found.lines == ((2, "x"), (3, "same"), (4, "y"))


def test_a_line_that_moved_is_found_by_its_text() -> None:
    found = excerpt_of((stream("new", "old", name="a.log.1"),), evidence(1, "old"), NOW)
    assert found is not None
    assert (found.source, found.marked) == ("a.log.1", 2)


def test_another_line_at_the_place_is_not_passed_off_as_the_evidence() -> None:
    assert excerpt_of((stream("something", "else"),), evidence(1, "gone"), NOW) is None


def test_secrets_are_hidden_and_every_line_stays_a_line() -> None:
    key = ["-----BEGIN PRIVATE KEY-----", "MIIabcdef", "-----END PRIVATE KEY-----"]
    text = stream("password=hunter2secret", *key, "the line")
    found = excerpt_of((text,), evidence(5, "the line"), NOW)
    assert found is not None
    assert len(found.lines) == 5
    assert "hunter2secret" not in str(found.lines)
    assert found.lines[-1] == (5, "the line")


def test_lines_in_the_next_chunk_are_part_of_it() -> None:
    filler = "x" * 1000
    lines = [f"{n} {filler}" for n in range(3000)]
    text = stream(*lines)
    for number in range(1040, 1060):
        found = excerpt_of((text,), evidence(number, lines[number - 1]), NOW, radius=3)
        assert found is not None
        assert [n for n, _ in found.lines] == list(range(number - 3, number + 4))


def test_without_kept_lines_there_is_no_excerpt() -> None:
    assert excerpt_from(evidence(1, "x")) is None
