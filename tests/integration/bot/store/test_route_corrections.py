from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.store.engine import open_database
from bot.store.route_corrections import MAX_TEXT_CHARS, RouteCorrection, RouteCorrections

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


def _correction(text: str, intent: str) -> RouteCorrection:
    return RouteCorrection(text=text, intent=intent, user_id="U1", at=AT)


def test_the_last_choice_for_a_text_counts(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'bot.db'}")
    corrections = RouteCorrections(database)
    corrections.add(_correction("bin it", "runbook"))
    corrections.add(_correction("lunch?", "chat"))
    corrections.add(_correction(" bin it ", "schedule"))
    found = corrections.all()
    database.dispose()
    assert {each.text: each.intent for each in found} == {"bin it": "schedule", "lunch?": "chat"}
    assert found[0].at == AT


def test_long_texts_are_cut_and_empty_ones_not_kept(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'bot.db'}")
    corrections = RouteCorrections(database)
    corrections.add(_correction("  ", "chat"))
    corrections.add(_correction("x" * 5000, "chat"))
    (found,) = corrections.all()
    database.dispose()
    assert len(found.text) == MAX_TEXT_CHARS
