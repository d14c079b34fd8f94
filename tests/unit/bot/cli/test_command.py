from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.command import app


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["classify", *arguments])
    return result.exit_code, result.stdout


def test_a_line_is_answered_as_json() -> None:
    code, output = _run("kubectl get pods", "--json")
    answer = json.loads(output)
    assert code == 0
    assert answer["class"] == "read_only"
    assert answer["argv"] == ["kubectl", "get", "pods"]
    assert answer["reason"]


def test_a_line_is_answered_in_words() -> None:
    code, output = _run("rm -rf /")
    assert (code, output.split()[0]) == (0, "forbidden")


def test_a_pipe_gives_the_words_of_every_command() -> None:
    _, output = _run("cat x | wc -l", "--json")
    assert json.loads(output)["argv"] == [["cat", "x"], ["wc", "-l"]]


def test_a_file_is_answered_line_by_line_in_order(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"line": "df -h"}\n\n{"line": "ls; id"}\n{"argv_or_line": ["ss", "-s"]}\n')
    code, output = _run("--jsonl", str(path))
    answers = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [answer["class"] for answer in answers] == ["read_only", "forbidden", "read_only"]
    assert [answer["argv"] for answer in answers] == [["df", "-h"], None, ["ss", "-s"]]


@pytest.mark.parametrize("text", ["{", "[]", '{"line": 5}', '{"line": []}', '{"text": "ls"}'])
def test_a_bad_file_gives_no_half_output(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(f'{{"line": "ls"}}\n{text}\n')
    assert _run("--jsonl", str(path)) == (1, "")


def test_an_unreadable_file_fails(tmp_path: Path) -> None:
    assert _run("--jsonl", str(tmp_path / "none"))[0] == 1


def test_one_of_line_and_file_is_needed() -> None:
    assert _run()[0] == 2
    assert _run("ls", "--jsonl", "x")[0] == 2
