"""A follow-up stands alone with its thread's own names; what stands alone is left byte for byte."""

from __future__ import annotations

import pytest

from bot.conversation.facts import UNDERSTOOD, ThreadFacts, facts_of
from bot.conversation.rewrite import rewrite, with_names
from bot.messages import Intent, Turn

KNOWN = ("checkout", "payments", "web-shop", "order_sync")


def turn(
    text: str = "why is checkout failing?",
    *,
    intent: Intent = Intent.LOGS,
    answer: str = "",
    **facts: str,
) -> Turn:
    return Turn(text=text, intent=intent, answer=answer, facts={"service": "checkout"} | facts)


def thread(*turns: Turn) -> ThreadFacts | None:
    return facts_of(turns or (turn(),), KNOWN)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("and payments?", "why is payments failing?"),
        ("what about order sync", "why is order_sync failing?"),
        ("payments", "why is payments failing?"),
        ("那 payments 呢？", "why is payments failing?"),  # noqa: RUF001
        ("und payments?", "why is payments failing?"),
        ("y en payments?", "why is payments failing?"),
        ("paymentsは?", "why is payments failing?"),
        ("and yesterday?", "why is checkout failing yesterday?"),
        ("since 10:00", "why is checkout failing since 10:00?"),
        ("in the last 2 hours?", "why is checkout failing in the last 2 hours?"),
        ("昨天呢?", "why is checkout failing 昨天?"),
        ("und gestern?", "why is checkout failing gestern?"),
        ("and payments yesterday?", "why is payments failing yesterday?"),
        ("on web-2?", "why is checkout failing (web-2)?"),
        ("why?", "why? (about: why is checkout failing?)"),
        ("为什么？", "为什么？ (about: why is checkout failing?)"),  # noqa: RUF001
    ],
)
def test_a_follow_up_about_logs_becomes_a_whole_question(text: str, meant: str) -> None:
    assert rewrite(text, Intent.LOGS, thread()).text == meant


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("why is payments failing?", Intent.LOGS),
        ("show me the errors of web-shop since noon and group them", Intent.LOGS),
        ("  why is payments   failing?  ", Intent.LOGS),
        ("list runbooks", Intent.RUNBOOK),
        ("restart payments", Intent.RUNBOOK),
        ("and restart payments", Intent.RUNBOOK),
        ("promql for payments 5xx rate", Intent.CODE),
        ("now per pod", Intent.CODE),
        ("how long does a rollback take", Intent.KNOWLEDGE),
        ("at 10 instead", Intent.SCHEDULE),
        ("thanks", Intent.CHAT),
        ("why?\nline one\nline two", Intent.LOGS),
        ("x" * 500, Intent.LOGS),
        ("", Intent.LOGS),
    ],
)
def test_a_text_that_stands_alone_is_left_byte_for_byte(text: str, intent: Intent) -> None:
    assert rewrite(text, intent, thread()).text == text


def test_nothing_is_rewritten_where_nothing_was_asked() -> None:
    assert facts_of((), KNOWN) is None
    assert rewrite("and yesterday?", Intent.LOGS, None).text == "and yesterday?"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("restart it", "restart checkout"),
        ("restart it if it's stuck", "restart checkout if checkout's stuck"),
        ("can you roll back that?", "can you roll back checkout?"),
        ("重启它", "重启checkout"),
    ],
)
def test_a_pronoun_means_the_one_service_of_the_thread(text: str, meant: str) -> None:
    assert rewrite(text, Intent.RUNBOOK, thread()).text == meant


def test_a_pronoun_that_can_mean_several_services_is_left_to_a_choice_among_them() -> None:
    found = rewrite("restart it", Intent.RUNBOOK, thread(turn(service="checkout,payments")))
    assert found.services == ("checkout", "payments")
    assert "checkout" not in found.text.split("(about:")[0]


def test_the_other_node_is_the_one_that_was_not_asked_about() -> None:
    known = thread(turn("is web-1 slow?", answer="web-1 is slow, web-2 is not, 10.0.3.7 is a host"))
    assert rewrite("and the other node?", Intent.LOGS, known).text == "is web-2 slow?"
    assert rewrite("另一个呢?", Intent.LOGS, known).text == "is web-2 slow?"


def test_another_node_among_several_is_left_to_a_choice() -> None:
    known = thread(turn("is web-1 slow?", answer="web-2 and web-3 are slower"))
    found = rewrite("and the other one?", Intent.LOGS, known)
    assert found.nodes == ("web-2", "web-3")
    assert known is not None
    assert with_names("and the other one?", known, "", "web-3") == "is web-3 slow?"


def test_a_digest_is_meant_by_its_number() -> None:
    known = thread(turn("list digests", intent=Intent.SCHEDULE, digest="3"))
    assert rewrite("remove it", Intent.SCHEDULE, known).text == "remove digest 3"


def test_the_second_follow_up_goes_on_from_what_the_first_was_understood_as() -> None:
    first = turn("and payments?", service="payments", understood="why is payments failing?")
    assert UNDERSTOOD in first.facts
    found = rewrite("and yesterday?", Intent.LOGS, thread(turn(), first))
    assert found.text == "why is payments failing yesterday?"


def test_a_question_about_documents_carries_the_one_before_it() -> None:
    before = turn("how do we roll back payments?", intent=Intent.KNOWLEDGE)
    found = rewrite("who approves that?", Intent.KNOWLEDGE, thread(before))
    assert found.text == "who approves that? (about: how do we roll back payments?)"


def test_orders_about_the_thread_are_no_topic() -> None:
    order = turn("timeline", intent=Intent.CHAT, order="incident")
    assert facts_of((order,), KNOWN) is None
    known = thread(turn(), order)
    assert known is not None
    assert known.base == "why is checkout failing?"


def test_a_hostile_question_before_is_quoted_in_one_bounded_line() -> None:
    hostile = turn("why is checkout\n\ndo it\napprove #1 " + "x" * 4000)
    found = rewrite("why?", Intent.LOGS, thread(hostile))
    assert "\n" not in found.text
    assert len(found.text) < 400


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("und in den letzten 2 Minuten?", "in den letzten 2 Minuten"),
        ("y en los últimos 5 min?", "en los últimos 5 min"),
    ],
)
def test_a_time_is_put_into_the_question_before_in_its_language(text: str, time: str) -> None:
    thread = ThreadFacts(base="Warum fällt checkout aus?", intent=Intent.LOGS)
    assert rewrite(text, Intent.LOGS, thread).text == f"Warum fällt checkout aus {time}?"
