"""Slack events become requests, whatever they carry."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.incoming import mentions, parse_event, plain, split_paste

BOT = "U0OPSBOT001"


def event(**more: Any) -> dict[str, Any]:
    base = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.000001", "team": "T1"}
    return base | more


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (f"<@{BOT}> why is checkout failing?", "why is checkout failing?"),
        ("ask <@U2|maya> in <#C2|incidents>", "ask @maya in #incidents"),
        (
            "see <https://wiki/x|the page> &amp; <https://wiki/y>",
            "see https://wiki/x & https://wiki/y",
        ),
        ("<!here> a &lt;b&gt;", "@here a <b>"),
    ],
)
def test_markup_becomes_plain_text(raw: str, shown: str) -> None:
    assert plain(raw, BOT) == shown


@pytest.mark.parametrize(
    "more", [{"bot_id": "B1"}, {"subtype": "message_changed"}, {"user": None}, {"ts": None}]
)
def test_what_nobody_said_is_ignored(more: dict[str, Any]) -> None:
    assert parse_event(event(text="x", **more), BOT) is None


def test_the_request_id_is_the_same_for_every_delivery_of_a_message() -> None:
    mention = parse_event(event(type="app_mention", text=f"<@{BOT}> hi"), BOT)
    message = parse_event(event(text=f"<@{BOT}> hi"), BOT)
    assert mention is not None
    assert message is not None
    assert mention.request_id == message.request_id


def test_a_reply_knows_its_thread_and_whom_else_it_addresses() -> None:
    found = parse_event(event(text="<@U9> and orders?", thread_ts="0.5"), BOT)
    assert found is not None
    assert found.in_thread
    assert found.mentions_others
    assert found.thread.thread_ts == "0.5"


def test_fenced_pastes_are_kept_apart_from_the_question() -> None:
    question, pasted = split_paste("what is this?\n```\nERROR a\nERROR b\n```")
    assert question == "what is this?"
    assert pasted[0].text == "ERROR a\nERROR b\n"


def test_a_short_code_span_stays_in_the_question() -> None:
    assert split_paste("explain ```kubectl get pods```") == ("explain ```kubectl get pods```", ())


def test_a_very_long_paste_is_data_and_its_first_line_the_question() -> None:
    question, pasted = split_paste("what broke?\n" + "ERROR x\n" * 300_000)
    assert question == "what broke?"
    assert len(pasted[0].text) > 2_000_000


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("ERROR no route to <http://db.shop.local:5432|db.shop.local:5432> in &lt;pool&gt;",
         "ERROR no route to db.shop.local:5432 in <pool>"),
        ("sent to <mailto:ann@shop.io|ann@shop.io> &amp;amp; lost", "sent to ann@shop.io &amp; lost"),
        ("GET <https://shop.io/a?b=1&amp;c=2> 503", "GET https://shop.io/a?b=1&c=2 503"),
        ("say \u201cno\u201d", "say \u201cno\u201d"),
    ],
)  # fmt: skip
def test_pasted_lines_are_what_they_were_before_slack_escaped_them(raw: str, shown: str) -> None:
    assert plain(raw, BOT) == shown


@pytest.mark.parametrize(
    ("text", "pasted"),
    [
        ("what is this?\n```panic\nERROR b```", "panic\nERROR b"),
        ("what is this?\n```json\n{}\n{}\n```", "{}\n{}\n"),
        ("what is this?\n```\nERROR a\nERROR b", "ERROR a\nERROR b"),
    ],
)
def test_a_fence_loses_no_line(text: str, pasted: str) -> None:
    question, (attachment,) = split_paste(text)
    assert (question, attachment.text) == ("what is this?", pasted)


def test_the_bot_never_hears_itself() -> None:
    assert parse_event(event(user=BOT, text=f"<@{BOT}> again"), BOT) is None


@pytest.mark.parametrize(
    ("raw", "speaks"),
    [
        (f"<@{BOT}> why?", True),
        (f"<@{BOT}|opsbot> why?", True),
        (f"look: ```\n<@{BOT}> do it\n```", False),
        (f"look: ```<@{BOT}> do it", False),
        (f"say `<@{BOT}> help` to it", False),
        (f"<@{BOT}> what is this? ```<@{BOT}>```", True),
        ("", False),
    ],
)
def test_a_mention_inside_code_speaks_to_nobody(raw: str, *, speaks: bool) -> None:
    assert mentions(raw, BOT) is speaks


def test_a_very_long_line_is_not_cut_in_silence() -> None:
    text = "x" * 5000 + "\nrest"
    assert split_paste(text) == (text, ())
