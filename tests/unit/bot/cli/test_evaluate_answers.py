"""`opsbot eval answers` with files that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.evaluate import app


@pytest.mark.parametrize(
    ("line", "more", "said"),
    [
        (None, [], "cannot be used"),
        ("{}", [], "q.jsonl:1"),
        (
            '{"question": "x", "expected_docs": [], "must_mention": [], "type": "howto"}',
            ["--kinds", "alert"],
            "there are howto",
        ),
    ],
)
def test_wrong_use_ends_with_status_2_and_a_sentence(
    tmp_path: Path, line: str | None, more: list[str], said: str
) -> None:
    file = tmp_path / "q.jsonl"
    if line is not None:
        file.write_text(line, "utf-8")
    arguments = ["answers", "--data", str(tmp_path), "--questions", str(file), *more]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
