"""Passages are told in a line each: sentences before layout, none twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import pytest

from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.tools.base import Asked
from bot.skills.investigation.tools.documents import DocumentsTool
from knowledge import Answerability, Hit, Reader, SearchResult

Makes = Callable[..., Any]


@dataclass
class Shelf:
    texts: tuple[str, ...]

    async def search(self, question: str, k: int = 5, *, reader: Reader) -> SearchResult:
        hits = tuple(
            Hit(
                source="docs",
                path="pool.md",
                title="Pool",
                heading="Pool",
                lines=(1, 9),
                score=1.0,
                cosine=0.9,
                text=text,
            )
            for text in self.texts
        )
        return SearchResult(hits=hits, answerability=Answerability.YES, confidence=1.0, ms=1.0)


@pytest.mark.parametrize(("language", "note"), [("en", "2 passages"), ("de", "2 Fundstellen")])
async def test_layout_and_repetitions_are_left_out_and_counted_so(
    case: CaseFile, request_for: Makes, language: str, note: str
) -> None:
    shelf = Shelf(
        (
            "## What it looks like\n\nThe pool is [empty](x.md).\n\n| a | b |\n|---|---|\n| 1 | 2 |",
            "The pool is empty.",
            "| alert | severity |\n|---|---|",
        )
    )
    asked = Asked(request=request_for(), zone=UTC, language=language)
    look = await DocumentsTool(shelf).look("checkout", case, asked)
    assert [clue.text for clue in look.clues] == [
        "Pool: `The pool is empty.`",
        "Pool: `| alert | severity | |---|---|`",
    ]
    assert look.note == note
