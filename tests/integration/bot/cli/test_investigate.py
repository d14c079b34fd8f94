"""`opsbot investigate` over real files, without a model."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.root import app
from bot.evaluation.incidents_sim.building import Plan, build
from bot.evaluation.incidents_sim.log_files import write_logs


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plan = Plan(
        name="x", chain=("checkout", "orders-db"), bystanders=("search",), cause="lock",
        now=datetime.now(UTC), began_min=20,
    )  # fmt: skip
    sources = write_logs(build(plan), tmp_path, 1)
    logs = "".join(f"{name} = {json.dumps(list(paths))}\n" for name, paths in sources.items())
    toml = f'home = "{tmp_path}"\n[investigation]\ndriver = "playbook"\n[logs.sources]\n{logs}'
    (tmp_path / "opsbot.toml").write_text(toml)
    monkeypatch.setenv("OPSBOT_CONFIG", str(tmp_path / "opsbot.toml"))
    return tmp_path


def test_it_names_the_cause_with_its_evidence(home: Path) -> None:
    result = CliRunner().invoke(app, ["investigate", "checkout", "--since", "1h", "--json"])
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["facts"]["cause"] == "lock"
    assert record["facts"]["service"] == "orders-db"
    assert "deadlock detected" in record["facts"]["evidence"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chekout"], "did you mean checkout"),
        (["checkout", "--since", "yesterday"], "--since takes an amount"),
    ],
)
def test_wrong_arguments_get_one_sentence(home: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["investigate", *arguments])
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
