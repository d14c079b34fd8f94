"""How chosen statements read."""

from __future__ import annotations

from bot.messages import Code, Prose
from bot.skills.knowledge.citations import cited_numbers, said_of
from bot.skills.knowledge.layout import lay_out, text_of
from bot.skills.knowledge.statements import Kind, Statement


def _said(text: str, kind: Kind = Kind.SENTENCE, source: int = 1, language: str = "") -> Statement:
    return Statement(source=source, kind=kind, text=text, lines=(1, 1), language=language)


def test_every_sentence_has_its_citation() -> None:
    parts = lay_out([_said("One."), _said("Two."), _said("Three.", source=2)])
    assert parts == (Prose(text="One. [1] Two. [1]\nThree. [2]", from_model=True),)


def test_a_short_command_stands_behind_what_announces_it() -> None:
    parts = lay_out([_said("Run:"), _said("df -h", Kind.CODE), _said("Look.")])
    assert text_of(parts) == "Run: `df -h` [1]\nLook. [1]"


def test_items_and_rows_have_lines_of_their_own() -> None:
    parts = lay_out([_said("Do:"), _said("this", Kind.ITEM), _said("a | b", Kind.ROW)])
    assert text_of(parts) == "Do: [1]\n- this [1]\n- a | b [1]"


def test_longer_code_is_a_block_that_cites() -> None:
    parts = lay_out([_said("Apply:"), _said("a: 1\nb: 2", Kind.CODE, 3, "yaml"), _said("Wait.")])
    assert parts[1] == Code(language="yaml", text="a: 1\nb: 2", checks=("[3]",))
    assert text_of(parts) == "Apply: [1]\n```yaml\na: 1\nb: 2\n``` [3]\nWait. [1]"


def test_a_command_with_an_address_or_a_backtick_is_a_block_so_that_nothing_changes_it() -> None:
    for command in ("curl https://a.example/x", "echo `date`"):
        (only,) = lay_out([_said(command, Kind.CODE)])
        assert isinstance(only, Code)
        assert only.text == command


def test_a_lead_comes_first_and_cites_nothing() -> None:
    (only,) = lay_out([_said("One.")], "Die Dokumente sagen dazu:")
    assert isinstance(only, Prose)
    assert only.text == "Die Dokumente sagen dazu:\nOne. [1]"


def test_nothing_chosen_is_nothing_said() -> None:
    assert lay_out([]) == ()


def test_brackets_inside_code_are_no_citations() -> None:
    assert cited_numbers("`items[0]` [2]\n```\na[7]\n``` [1]") == (2, 1)


def test_what_cites_a_number_is_found_again() -> None:
    text = "One. [1] Two `a[2]`. [2]\n- Three [1]"
    assert said_of(text, 1) == "One.\nThree"
    assert said_of(text, 2) == "Two `a[2]`."


def test_a_fence_inside_a_sentence_makes_no_code_of_what_follows() -> None:
    parts = lay_out(
        [_said("Go to ```Admin -> Runners```."), _said("It says ```this may"), _said("a")]
    )
    assert text_of(parts) == "Go to `Admin -> Runners`. [1] It says this may [1] a [1]"
