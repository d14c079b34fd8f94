"""Fences lose nothing of what stands between them."""

from __future__ import annotations

import pytest

from bot.fences import fenced_blocks, without_blocks


@pytest.mark.parametrize(
    ("text", "blocks", "rest"),
    [
        ("a\n```\nb\nc\n```\nd", ["b\nc\n"], "a\n\nd"),
        ("a ```b\nc``` d", ["b\nc"], "a  d"),
        ("```python\nb = 1\nc = 2\n```", ["b = 1\nc = 2\n"], ""),
        ("```panic\nat b```", ["panic\nat b"], ""),
        ("```b\nc``` and ```d\ne```", ["b\nc", "d\ne"], " and "),
        ("run ```ls -l``` now", ["ls -l"], "run ```ls -l``` now"),
        ("a\n```\nb\nc", ["b\nc"], "a\n"),
        ("why does ``` break?\nthanks", [], "why does ``` break?\nthanks"),
        ("``````", [], "``````"),
    ],
)
def test_what_is_fenced_and_what_is_not_is_all_of_a_text(
    text: str, blocks: list[str], rest: str
) -> None:
    assert fenced_blocks(text) == blocks
    assert without_blocks(text) == rest
