"""What of a passage can be quoted whole, and where it stands."""

from __future__ import annotations

import pytest

from bot.skills.knowledge.statements import Kind, statements

_PASSAGE = """## Queue

Mail waits in one queue. See [the page](https://a.example/x) for
more.

Pause the newsletter:

```sh
mailctl pause newsletter
mailctl status
```

1. Call **team Mail**
   at once.
2. Wait.

| Limit | Value |
|-------|-------|
| size  | 5000  |

<!-- a comment -->
![chart](a.png)
"""


def test_every_sort_of_statement_is_told_apart_and_keeps_its_lines() -> None:
    found = [(each.kind, each.text, each.lines) for each in statements(1, _PASSAGE, 11)]
    assert found == [
        (Kind.SENTENCE, "Mail waits in one queue.", (13, 14)),
        (Kind.SENTENCE, "See the page for more.", (13, 14)),
        (Kind.SENTENCE, "Pause the newsletter:", (16, 16)),
        (Kind.CODE, "mailctl pause newsletter\nmailctl status", (19, 20)),
        (Kind.ITEM, "Call team Mail at once.", (23, 24)),
        (Kind.ITEM, "Wait.", (25, 25)),
        (Kind.ROW, "size | 5000", (29, 29)),
    ]


def test_code_keeps_its_shape_without_the_margin_it_stands_at() -> None:
    text = "1. Apply:\n\n   ```yaml\n   spec:\n     size: 3\n   ```\n"
    (_, code) = statements(1, text, 1)
    assert (code.text, code.language, code.lines) == ("spec:\n  size: 3", "yaml", (4, 5))


def test_an_indented_block_after_a_blank_line_is_code() -> None:
    first, code, last = statements(1, "Run this:\n\n    make all\n    make test\n\nDone now.\n", 1)
    assert (code.kind, code.text) == (Kind.CODE, "make all\nmake test")
    assert (first.text, last.text) == ("Run this:", "Done now.")


def test_a_fence_without_an_end_reaches_to_the_end() -> None:
    assert [each.text for each in statements(1, "```\na\nb", 1)] == ["a\nb"]


def test_code_spans_stay_as_they_are_written() -> None:
    text = 'Print `{{ .Values.a }}` and `items[0](x)` in {{< glossary_tooltip text="pods" >}}.'
    (only,) = statements(1, text, 1)
    assert only.text == "Print `{{ .Values.a }}` and `items[0](x)` in pods."


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# Only a heading", "---", "![x](y.png)", "|---|---|"]
)
def test_what_says_nothing_is_no_statement(text: str) -> None:
    assert statements(1, text, 1) == ()


@pytest.mark.parametrize(
    ("text", "announces"), [("Run this:", True), ("Do so.", False), ("如下\uff1a", True)]
)
def test_a_colon_at_the_end_announces(text: str, announces: bool) -> None:
    (only,) = statements(1, text, 1)
    assert only.announces is announces


def test_a_table_without_outer_bars_has_rows_and_a_pipe_in_code_makes_none() -> None:
    text = "Status | Meaning\n------ | -------\n`Init:N/M` | some are done\n\nRun `a | b` now.\n"
    found = [(each.kind, each.text) for each in statements(1, text, 1)]
    assert found == [
        (Kind.ROW, "`Init:N/M` | some are done"),
        (Kind.SENTENCE, "Run `a | b` now."),
    ]


def test_a_box_to_tick_is_no_text() -> None:
    (only,) = statements(1, "- [ ] Alarms are set.", 1)
    assert only.text == "Alarms are set."


def test_a_fence_in_a_quotation_is_code_without_the_marks_of_the_quotation() -> None:
    text = "> [!NOTE]\n> Make a hash:\n>\n> ```shell\n> argocd bcrypt\n>   --password X\n> ```\nDone so."
    made = statements(1, text, 56)
    assert [(one.kind, one.text, one.lines) for one in made] == [
        (Kind.SENTENCE, "Make a hash:", (57, 57)),
        (Kind.CODE, "argocd bcrypt\n  --password X", (60, 61)),
        (Kind.SENTENCE, "Done so.", (63, 63)),
    ]
