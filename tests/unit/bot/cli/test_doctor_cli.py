from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli.doctor import doctor

app = typer.Typer()
app.command()(doctor)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path))
    monkeypatch.setenv("OPSBOT_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("OPSBOT_PORT", "0")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-verysecret")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-verysecret")
    monkeypatch.setenv("OPSBOT_DATABASE_URL", "postgresql+psycopg://bot:verysecret@db/opsbot")


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_missing_models_end_with_1_and_no_secret_is_printed(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "opsbot models pull" in " ".join(result.stdout.split())
    assert "verysecret" not in result.output


def test_json_is_one_document_with_checks_machine_and_settings() -> None:
    document = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert set(document) == {"checks", "machine", "settings"}
    states = {check["name"]: check["status"] for check in document["checks"]}
    assert states["model"] == "problem"
    assert states["slack"] == "ok"
    assert document["machine"]["n_cores"] >= 1
    assert document["settings"]["slack"]["bot_token"] == "**********"
