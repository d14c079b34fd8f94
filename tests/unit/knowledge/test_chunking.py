"""Documents into chunks."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from knowledge.chunking import TARGET_TOKENS, WHOLE_TOKENS, chunk_document
from knowledge.documents import Chunk, Document, Format
from knowledge.tokens import estimate_tokens


def document(
    text: str, format_: Format = Format.MARKDOWN, path: str = "docs/a-page.md"
) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(source="/docs", path=path, text=text, format=format_, sha256=digest)


def chunks(text: str, format_: Format = Format.MARKDOWN) -> list[Chunk]:
    return chunk_document(document(text, format_))


def words(n: int, word: str = "word") -> str:
    return " ".join(f"{word}{number}" for number in range(n))


def test_title_and_heading_path_lead_the_embedded_text() -> None:
    text = f"# Disks\n\n## Full\n\n### Now\n\n{words(80)}\n\n## Slow\n\n{words(80)}\n"
    found = chunks(text)
    assert found[0].title == "Disks"
    assert found[0].heading_path == ("Full", "Now")
    assert found[0].embedded_text.startswith("Disks > Full > Now\nword0 word1")
    assert found[-1].heading == "Slow"


def test_lines_are_where_the_text_stands() -> None:
    text = f"# T\n\n## A\n\n{words(80)}\nsecond line\n\n## B\n\n{words(80)}\n"
    lines = text.split("\n")
    for chunk in chunks(text):
        first, last = chunk.lines
        assert "\n".join(lines[first - 1 : last]) == chunk.text


@pytest.mark.parametrize(
    "block",
    [
        "```bash\n" + "\n".join(f"run step {n}\n" for n in range(80)) + "```",
        "\n".join(f"{n}. do thing {n}" for n in range(1, 80)),
        "| a | b |\n|---|---|\n" + "\n".join(f"| row {n} | value |" for n in range(70)),
    ],
    ids=["fence", "list", "table"],
)
def test_a_block_beyond_the_target_stays_whole(block: str) -> None:
    assert TARGET_TOKENS < estimate_tokens(block) < WHOLE_TOKENS
    text = f"# T\n\n{words(100)}\n\n{block}\n\n{words(100)}\n"
    assert any(block in chunk.text for chunk in chunks(text))


def test_a_heading_inside_a_fence_is_no_heading() -> None:
    text = "# T\n\n```\n# comment\n## another\n```\n\nafter\n"
    (only,) = chunks(text)
    assert only.heading_path == ()
    assert "# comment" in only.text


def test_an_announced_block_stays_with_its_sentence() -> None:
    fence = "```\n" + "\n".join(f"command {n}" for n in range(60)) + "\n```"
    text = f"# T\n\n{words(190)}\n\nThen run this:\n\n{fence}\n"
    with_fence = next(chunk for chunk in chunks(text) if fence in chunk.text)
    assert "Then run this:" in with_fence.text


def test_small_neighbours_under_one_parent_are_merged_and_name_both_headings() -> None:
    text = "# T\n\n## Cause\n\nThe disk is full.\n\n## Fix\n\nDelete old files.\n"
    (only,) = chunks(text)
    assert only.heading_path == ("Cause / Fix",)
    assert "## Fix" in only.text


def test_large_neighbours_are_not_merged() -> None:
    text = f"# T\n\n## A\n\n{words(90)}\n\n## B\n\n{words(90)}\n"
    assert [chunk.heading for chunk in chunks(text)] == ["A", "B"]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    sentence = "The quick service answered the slow client again."
    text = "# T\n\n" + " ".join([sentence] * 80) + "\n"
    found = chunks(text)
    assert len(found) > 1
    assert all(chunk.text.endswith("again.") for chunk in found)
    assert all(estimate_tokens(chunk.text) <= TARGET_TOKENS for chunk in found)


def test_restructured_text_headings_follow_their_order_of_appearance() -> None:
    text = f"=====\nTitle\n=====\n\nFirst\n-----\n\n{words(80)}\n\nSub\n~~~\n\n{words(80)}\n"
    found = chunks(text, Format.RST)
    assert [chunk.header for chunk in found] == ["Title > First", "Title > First > Sub"]


def test_front_matter_gives_the_title_and_is_not_text() -> None:
    (only,) = chunks('---\ntitle: "From above"\nowner: me\n---\n\nBody.\n')
    assert (only.title, only.text) == ("From above", "Body.")


def test_a_page_without_headings_is_named_after_its_file() -> None:
    (only,) = chunk_document(document("Just text.", Format.TEXT, "notes/disk-full_howto.txt"))
    assert only.title == "Disk full howto"


def test_a_document_of_only_a_heading_is_still_found() -> None:
    (only,) = chunks("# Everything about postgres\n")
    assert "postgres" in only.embedded_text


_LINES = """
# H1
## H2
### H3
```
~~~
- item
  - nested
1. step
| a | b |
|---|---|
plain words here.
Title
=====
-----
    indented
ends with:
> quote
---
"""
_LINE = st.sampled_from([*_LINES.split("\n"), "x" * 900])


@given(st.lists(_LINE, max_size=40), st.sampled_from(list(Format)))
@settings(max_examples=150, deadline=None)
def test_no_line_of_text_is_lost_and_chunks_stay_in_order(
    lines: list[str], format_: Format
) -> None:
    # What stands between two rules at the very beginning is front matter, which is no text.
    assume(not lines or lines[0] != "---")
    text = "\n".join(lines)
    found = chunk_document(document(text, format_))
    kept = "\n".join(chunk.embedded_text for chunk in found)
    for line in lines:
        if line.strip(" #>|-=`~") and not line.startswith("x"):
            assert line.strip(" #") in kept
    assert kept.count("x") >= text.count("x")
    places = [chunk.lines for chunk in found]
    assert places == sorted(places)
    assert all(1 <= first <= last <= len(lines) for first, last in places)


def test_a_rule_at_the_beginning_hides_no_text() -> None:
    for text in ("---\n\nIntro.\n\n---\n\nRest.\n", "---\n\nIntro.\n"):
        assert "Intro." in "\n".join(one.text for one in chunk_document(document(text)))
    (only,) = chunk_document(document("---\nowner: mail\n---\n\nRest.\n"))
    assert only.text == "Rest."


def test_code_directives_of_restructured_text_are_not_cut() -> None:
    code = "\n\n".join(f"   command {n} --with some --more options" for n in range(40))
    text = (
        f"Title\n=====\n\n{'word ' * 200}\n\n.. code-block:: bash\n   :linenos:\n\n{code}\n\nEnd.\n"
    )
    document = Document(source="s", path="a.rst", text=text, format=Format.RST, sha256="0")
    assert sum(code in chunk.text for chunk in chunk_document(document)) == 1


def test_a_page_number_is_a_heading_and_never_the_title() -> None:
    text = "## Page 1\n\nPromote the standby.\n\n## Page 2\n\n" + "word " * 200
    document = Document(
        source="s", path="fail-over.pdf", text=text, format=Format.MARKDOWN, sha256="0"
    )
    chunks = chunk_document(document)
    assert {chunk.title for chunk in chunks} == {"Fail over"}
    assert "Page 2" in chunks[-1].heading
