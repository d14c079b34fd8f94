"""`opsbot kb gaps` and `kb feedback` say what was not answered and what did not help."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.root import app
from bot.store.engine import open_database
from bot.store.feedback import Feedback, FeedbackBook, Verdict
from bot.store.knowledge_answers import KnowledgeAnswer, KnowledgeAnswers, ShownPassage

NOW = datetime.now(UTC)


def answer(number: int, question: str, *, is_refusal: bool, days: int = 0) -> KnowledgeAnswer:
    passage = ShownPassage(
        title="Orders", heading="", path="orders.md", lines=(3, 9), excerpt="a [bold]bracket[/]"
    )
    return KnowledgeAnswer(
        request_id=f"r{number}",
        channel_id="C1",
        user_id=f"U{number}",
        question=question,
        is_refusal=is_refusal,
        answer="" if is_refusal else "it is [1] so",
        passages=() if is_refusal else (passage,),
        nearest=("Deploys",) if is_refusal else (),
        created_at=NOW - timedelta(days=days),
    )


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    monkeypatch.setenv("OPSBOT_HOME", str(home))
    database = open_database(f"sqlite:///{home / 'opsbot.db'}")
    answers = KnowledgeAnswers(database)
    for each in (
        answer(1, "how do we rotate the key?", is_refusal=True, days=30),
        answer(2, "how do we rotate the keys", is_refusal=True, days=1),
        answer(3, "where are the [red]parking[/] lots", is_refusal=True, days=40),
        answer(4, "how often is orders backed up?", is_refusal=False),
        answer(5, "who is on call?", is_refusal=False),
    ):
        answers.save(each)
    for request_id, verdict in (("r4", Verdict.BAD), ("r5", Verdict.GOOD)):
        FeedbackBook(database).record(
            Feedback(
                request_id=request_id,
                user_id="U1",
                verdict=verdict,
                question="",
                answer="",
                created_at=NOW,
            )
        )
    database.dispose()
    return home


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["kb", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.usefixtures("home")
def test_gaps_are_listed_most_asked_first_and_since_a_time() -> None:
    gaps = json.loads(run("gaps", "--json"))
    assert [(gap["question"], gap["n_asked"]) for gap in gaps] == [
        ("how do we rotate the keys", 2),
        ("where are the [red]parking[/] lots", 1),
    ]
    (recent,) = json.loads(run("gaps", "--since", "7d", "--json"))
    assert (recent["n_asked"], recent["nearest"]) == (1, ["Deploys"])
    listed = run("gaps")
    assert "2 x by 2 people" in listed
    assert "also: how do we rotate the key?" in listed
    assert "[red]parking[/]" in listed


@pytest.mark.usefixtures("home")
def test_what_did_not_help_is_listed_with_its_passages() -> None:
    (bad,) = json.loads(run("feedback", "--json"))
    assert (bad["question"], bad["bad"], bad["good"]) == ("how often is orders backed up?", 1, 0)
    assert bad["passages"][0]["path"] == "orders.md"
    assert len(json.loads(run("feedback", "--all", "--json"))) == 2
    assert "orders.md:3-9" in run("feedback")


@pytest.mark.usefixtures("home")
def test_a_time_that_is_none_is_wrong_use() -> None:
    result = CliRunner().invoke(app, ["kb", "gaps", "--since", "last week"])
    assert result.exit_code == 2
    assert "is no time" in result.stderr


def test_without_gaps_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path / "home"))
    assert "no question was left unanswered" in run("gaps")
    assert json.loads(run("gaps", "--json")) == []
    assert "nobody said" in run("feedback")
