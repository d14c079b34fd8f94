"""Which commands a Markdown text holds."""

from __future__ import annotations

import pytest

from runbooks.markdown_commands import commands


def lines(text: str) -> list[tuple[int, str]]:
    return [(command.line, command.text) for command in commands(text)]


@pytest.mark.parametrize(
    "hidden",
    [
        "<!--\n```sh\nrm -rf /srv/app/x\n```\n-->",
        "<!-- ```sh\n```sh\nrm x\n```\n-->",
        "<!-- never closed\n```sh\nrm x\n```",
    ],
)
def test_what_a_reader_cannot_see_is_not_proposed(hidden: str) -> None:
    assert lines(f"# Page\n{hidden}\n") == []


def test_lines_are_counted_over_a_comment() -> None:
    assert lines("a\n<!--\nx\n-->\n```sh\ndf -h\n```\n") == [(6, "df -h")]


def test_a_comment_mark_inside_a_block_hides_nothing() -> None:
    text = "```sh\ngrep '<!--' x.html\n```\ntext\n~~~bash\ndf -h\n~~~\n"
    assert [command for _, command in lines(text)] == ["grep '<!--' x.html", "df -h"]
