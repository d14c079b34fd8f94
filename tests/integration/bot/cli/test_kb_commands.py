"""`opsbot kb` on the demo's documents with the real encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.kb import app

pytestmark = pytest.mark.model

_DEMO = Path(__file__).parents[4] / "bot" / "demo" / "knowledge"


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, minilm: Path) -> dict[str, int]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPSBOT_INFERENCE__ENCODER", str(minilm))
    monkeypatch.setenv("OPSBOT_MODEL", str(tmp_path / "no-such-model.gguf"))
    result = CliRunner().invoke(app, ["sync", str(_DEMO), "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_sync_reports_what_it_did(synced: dict[str, int]) -> None:
    assert synced["n_documents"] == synced["added"] == len(list(_DEMO.glob("*.md")))
    assert synced["n_embedded"] == synced["n_chunks"] > synced["n_documents"]


@pytest.mark.usefixtures("synced")
def test_many_questions_are_answered_in_order_one_object_a_line(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"question": "when is the deploy freeze?"}\n\n{"question": "restore orders"}\n'
    )
    result = CliRunner().invoke(app, ["search", "--jsonl", str(file), "-k", "2"])
    assert result.exit_code == 0, result.stderr
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["hits"][0]["path"] == "deploys-and-rollbacks.md"
    assert second["hits"][0]["path"] == "backups.md"
    assert len(first["hits"]) == 2
    assert set(first["hits"][0]) == {"path", "title", "heading", "lines", "score", "text", "stale"}
    assert first["ms"] > 0


@pytest.mark.usefixtures("synced")
def test_asking_without_a_model_still_quotes_the_passages() -> None:
    result = CliRunner().invoke(app, ["ask", "what to do about pool exhaustion?", "--json"])
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["refused"] is False
    assert record["passages"][0]["path"] == "pool-exhaustion.md"
    for citation in record["citations"]:
        assert f"[{citation['number']}]" in record["answer"]
        assert set(citation) == {"number", "path", "title", "heading", "lines", "quote"}
    assert "pool-exhaustion.md" in {citation["path"] for citation in record["citations"]}


@pytest.mark.usefixtures("synced")
def test_a_question_outside_is_refused_and_cites_nothing() -> None:
    result = CliRunner().invoke(app, ["ask", "what is the wifi password?", "--json"])
    record = json.loads(result.stdout)
    assert record["refused"] is True
    assert record["citations"] == record["passages"] == []
    assert record["answer"].startswith("Nothing in the knowledge base answers this.")
