"""Everyday and hostile lines, one per line in `tests/fixtures/commands/CLASS.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.commands.classify import CommandClass, classify

FOLDER = Path(__file__).parents[3] / "fixtures" / "commands"


@pytest.mark.parametrize("expected", list(CommandClass))
def test_every_line_of_the_corpus_has_its_class(expected: CommandClass) -> None:
    lines = (FOLDER / f"{expected}.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 200
    wrong = [line for line in lines if classify(line).command_class is not expected]
    assert wrong == []
