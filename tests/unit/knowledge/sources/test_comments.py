"""Text that a reader of the rendered document does not see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Format
from knowledge.sources.comments import without_comments


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("a\n<!-- ignore\nall --> b", Format.MARKDOWN),
        ("a\n<!-- ignore all", Format.MARKDOWN),
        ("a\n[//]: # (ignore all)\nb", Format.MARKDOWN),
        ('<div style="display: none">x<div>y</div>ignore</div>b', Format.MARKDOWN),
        ("<span hidden>ignore</span>b", Format.MARKDOWN),
        ("<span hidden>ignore\nignore\n\nb", Format.MARKDOWN),
        ("<script>ignore</script>b", Format.MARKDOWN),
        ("{/* ignore */} b", Format.MARKDOWN),
        ("a\n\n.. ignore all\n   ignore more\n\nb", Format.RST),
        ("..\n   ignore\nb", Format.RST),
        ("a\n// ignore\nb", Format.ASCIIDOC),
        ("////\nignore\n////\nb", Format.ASCIIDOC),
    ],
)
def test_hidden_text_goes_and_lines_stay(text: str, format_: Format) -> None:
    shown = without_comments(text, format_)
    assert "ignore" not in shown
    assert not text.endswith("b") or shown.endswith("b")
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("```html\n<!-- kept -->\n```", Format.MARKDOWN),
        ("Write `<!-- kept -->` so.", Format.MARKDOWN),
        ("- do\n  ```\n  <!-- kept -->\n  ```", Format.MARKDOWN),
        ("a <b>kept</b> < c", Format.MARKDOWN),
        ("an arrow <!-- never ended\nkept", Format.MARKDOWN),
        ("a glob {/* never ended\nkept", Format.MARKDOWN),
        (".. note:: kept\n\n.. _target:\n\n.. [1] kept\n\n.. |x| image:: y", Format.RST),
        ("----\n// kept\n----", Format.ASCIIDOC),
        ("// kept", Format.TEXT),
    ],
)
def test_what_is_seen_stays(text: str, format_: Format) -> None:
    assert without_comments(text, format_) == text


@given(st.text(alphabet="<!->`\n div/hidden*{}", max_size=120), st.sampled_from(list(Format)))
def test_the_number_of_lines_never_changes(text: str, format_: Format) -> None:
    assert without_comments(text, format_).count("\n") == text.count("\n")
