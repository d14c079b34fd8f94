"""What the bot remembers, and that it comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.messages import Intent, ThreadRef, Turn
from bot.store.digests import Digest, Digests
from bot.store.engine import open_database
from bot.store.errors import StoreError
from bot.store.events import SeenEvents
from bot.store.feedback import Feedback, FeedbackBook, Verdict
from bot.store.message_refs import MessageKind, MessageRef, MessageRefs
from bot.store.threads import Threads

NOW = datetime(2026, 3, 1, 10, 0, 0, 5, tzinfo=UTC)
THREAD = ThreadRef("C1", "1.0")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield engine
    engine.dispose()


def turn(number: int) -> Turn:
    return Turn(
        text=f"question {number}",
        intent=Intent.LOGS,
        answer="größer",
        facts={"service": "checkout", "n": str(number)},
    )


def test_a_thread_gives_its_last_turns_oldest_first(engine: Engine) -> None:
    threads = Threads(engine)
    for number in range(5):
        threads.remember(THREAD, f"r{number}", turn(number), NOW)
    threads.remember(ThreadRef("C2", "1.0"), "r9", turn(9), NOW)
    assert threads.recent(THREAD, 2) == (turn(3), turn(4))
    assert threads.recent(ThreadRef("C1", "2.0"), 2) == ()


def test_old_turns_can_be_forgotten(engine: Engine) -> None:
    threads = Threads(engine)
    threads.remember(THREAD, "r1", turn(1), NOW)
    threads.remember(THREAD, "r2", turn(2), NOW + timedelta(days=1))
    assert threads.forget_before(NOW + timedelta(hours=1)) == 1
    assert threads.recent(THREAD, 9) == (turn(2),)


def test_a_naive_time_is_refused(engine: Engine) -> None:
    with pytest.raises(StoreError, match="must be aware"):
        Threads(engine).remember(THREAD, "r1", turn(1), NOW.replace(tzinfo=None))


def test_text_that_no_database_takes_is_a_sentence(engine: Engine) -> None:
    with pytest.raises(StoreError):
        Threads(engine).remember(THREAD, "r1", replace(turn(1), text="\ud800"), NOW)


def test_of_many_deliveries_at_once_one_is_the_first(engine: Engine, tmp_path: Path) -> None:
    other = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    books = (SeenEvents(engine), SeenEvents(other))

    def deliver(number: int) -> bool:
        return books[number % 2].first_sight("Ev1", NOW)

    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(deliver, range(16)))
    other.dispose()
    assert sum(firsts) == 1


def test_a_pruned_event_is_new_again(engine: Engine) -> None:
    seen = SeenEvents(engine)
    assert seen.first_sight("old", NOW)
    assert seen.first_sight("new", NOW + timedelta(hours=1))
    assert seen.prune(NOW + timedelta(minutes=1)) == 1
    assert seen.first_sight("old", NOW)
    assert not seen.first_sight("new", NOW)


def test_a_message_is_found_where_it_was_last(engine: Engine) -> None:
    refs = MessageRefs(engine)
    assert refs.find(MessageKind.PROPOSAL, "1") is None
    refs.save(MessageKind.PROPOSAL, "1", MessageRef(channel_id="C1", ts="1.0"))
    refs.save(MessageKind.PROPOSAL, "1", MessageRef(channel_id="C1", ts="2.0"))
    refs.save(MessageKind.ANSWER, "1", MessageRef(channel_id="C1", ts="3.0"))
    assert refs.find(MessageKind.PROPOSAL, "1") == MessageRef(channel_id="C1", ts="2.0")


def test_the_last_verdict_of_a_person_counts(engine: Engine) -> None:
    book = FeedbackBook(engine)
    bad = Feedback(
        request_id="r1",
        user_id="U1",
        verdict=Verdict.BAD,
        question="why?",
        answer="because",
        created_at=NOW,
    )
    good = replace(bad, verdict=Verdict.GOOD)
    other = replace(bad, user_id="U2", created_at=NOW + timedelta(seconds=1))
    for verdict in (bad, other, good):
        book.record(verdict)
    assert book.about("r1") == (good, other)


def test_digests_survive_reopening_until_they_are_removed(engine: Engine, tmp_path: Path) -> None:
    digest = Digest(
        digest_id="d1",
        channel_id="C1",
        service="checkout",
        cron="0 9 * * 1-5",
        timezone="Europe/Berlin",
        words="every weekday at 09:00",
        created_by="U1",
        created_at=NOW,
    )
    elsewhere = replace(digest, digest_id="d2", channel_id="C2")
    Digests(engine).save(digest)
    Digests(engine).save(elsewhere)
    reopened = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    digests = Digests(reopened)
    assert digests.all() == (digest, elsewhere)
    assert digests.all("C1") == (digest,)
    assert digests.remove("d1")
    assert not digests.remove("d1")
    assert digests.get("d1") is None
    assert digests.get("d2") == elsewhere
    reopened.dispose()
