from __future__ import annotations

from pathlib import Path

import pytest
import typer

from bot.cli.jsonl import read_field
from bot.cli.route import route


def test_texts_are_read_in_order_and_blank_lines_skipped(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "a"}\n\n{"text": "ß", "intent": "x"}\n', encoding="utf-8")
    assert read_field(path, "text") == ["a", "ß"]


@pytest.mark.parametrize("line", ["not json", "[]", "{}", '{"text": 3}'])
def test_a_bad_line_is_named_and_is_wrong_use(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "a"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(typer.Exit) as caught:
        read_field(path, "text")
    assert caught.value.exit_code == 2
    assert ":2:" in capsys.readouterr().err.replace("\n", "")


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(typer.Exit) as caught:
        read_field(tmp_path / "none.jsonl", "text")
    assert caught.value.exit_code == 2


def test_either_a_text_or_a_file_must_be_given() -> None:
    with pytest.raises(typer.Exit) as caught:
        route(text=None, jsonl=None)
    assert caught.value.exit_code == 2
