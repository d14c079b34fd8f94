from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli.serve import serve

app = typer.Typer()
app.command()(serve)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path))
    monkeypatch.setenv("OPSBOT_MODELS_DIR", str(tmp_path))


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 2
    return " ".join(result.output.split())


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "ops.example.com"])  # noqa: S104 - refused
def test_an_address_that_others_can_reach_needs_a_token(host: str) -> None:
    assert "set a token" in refusal("--host", host)


def test_the_settings_host_is_held_to_the_same_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_SERVE__HOST", "10.1.2.3")
    assert "set a token" in refusal()


def test_a_socket_and_a_port_exclude_each_other(tmp_path: Path) -> None:
    assert "either --socket or" in refusal("--socket", str(tmp_path / "s"), "--port", "1")


def test_an_empty_token_is_no_token() -> None:
    assert "must not be empty" in refusal("--token", " ")
