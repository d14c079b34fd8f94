"""What a request is about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.conversation.facts import services_in
from bot.messages import Actor, Attachment, Intent, Request, ThreadRef, Turn
from bot.skills.logs.scope import scope_of

KNOWN = ("checkout", "orders", "user-api")


def _request(text: str, *attachments: Attachment) -> Request:
    return Request(
        request_id="r1",
        text=text,
        actor=Actor(user_id="U1", team_id="T1", name="ann"),
        thread=ThreadRef("C1", "1.0"),
        received_at=datetime(2026, 11, 21, tzinfo=UTC),
        attachments=attachments,
    )


def _turn(**facts: str) -> Turn:
    return Turn(text="", intent=Intent.LOGS, answer="", facts=facts)


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("why is Checkout failing?", ("checkout",)),
        ("compare orders and checkout", ("checkout", "orders")),
        ("is the user api slow", ("user-api",)),
        ("why are reorders stuck", KNOWN),
        ("what is wrong", KNOWN),
    ],
)
def test_named_services_are_meant_else_all(text: str, services: tuple[str, ...]) -> None:
    assert scope_of(_request(text), (), KNOWN).services == services


def test_a_follow_up_is_about_what_the_thread_was_about() -> None:
    history = (_turn(service="orders"), _turn())
    assert scope_of(_request("and an hour ago?"), history, KNOWN).services == ("orders",)
    assert scope_of(_request("and checkout?"), history, KNOWN).services == ("checkout",)


def test_what_came_with_the_request_is_meant() -> None:
    upload = Attachment(name="a.log", text="x")
    assert scope_of(_request("checkout?", upload), (), KNOWN).texts == (upload,)


def test_pasted_lines_are_logs() -> None:
    fenced = scope_of(_request("what is this?\n```\nERROR a\nERROR b\n```"), (), KNOWN)
    assert [text.text for text in fenced.texts] == ["ERROR a\nERROR b"]
    bare = scope_of(_request("what is this?\nERROR a\nat b\nat c"), (), KNOWN)
    assert [text.text for text in bare.texts] == ["ERROR a\nat b\nat c"]
    assert scope_of(_request("why is it\nslow?"), (), KNOWN).texts == ()


def test_a_line_alone_in_a_fence_keeps_its_first_word() -> None:
    found = scope_of(_request("what is ```ERROR disk full```"), (), KNOWN)
    assert [text.text for text in found.texts] == ["ERROR disk full"]


@pytest.mark.parametrize("said", ["orders-db", "orders db", "orders_db", "ordersdb", "Orders-DB"])
def test_a_name_with_a_dash_is_recognised_however_it_is_written(said: str) -> None:
    assert services_in(f"why is {said} slow?", ("orders-db",))
    assert not services_in(f"why is my{said} slow?", ("orders-db",))
