"""Orders about incidents are whole texts in five languages, and nothing else is one."""

# ruff: noqa: RUF001 (punctuation of other scripts)
from __future__ import annotations

import pytest

from bot.incidents.orders import MAX_TITLE_CHARS, Verb, read_order


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("start incident", ""),
        ("start incident checkout is down", "checkout is down"),
        ("Please start an incident: checkout returns 502", "checkout returns 502"),
        ("declare incident – database", "database"),
        ("starte einen Vorfall: Checkout ist weg", "Checkout ist weg"),
        ("Vorfall starten", ""),
        ("开始故障：支付失败", "支付失败"),
        ("启动一个事件 支付", "支付"),
        ("inicia un incidente: pagos caídos", "pagos caídos"),
        ("インシデント開始：決済", "決済"),
        ("start\u200b incident tea", "tea"),
    ],
)
def test_an_incident_is_started_with_its_title(text: str, title: str) -> None:
    order = read_order(text)
    assert order is not None
    assert (order.verb, order.text, order.says_incident) == (Verb.START, title, True)


@pytest.mark.parametrize(
    ("text", "verb", "says_incident"),
    [
        ("end incident", Verb.END, True),
        ("close the incident please", Verb.END, True),
        ("beende den Vorfall", Verb.END, True),
        ("结束故障", Verb.END, True),
        ("termina el incidente", Verb.END, True),
        ("インシデント終了", Verb.END, True),
        ("timeline", Verb.TIMELINE, False),
        ("show me the incident timeline", Verb.TIMELINE, True),
        ("时间线", Verb.TIMELINE, False),
        ("summary", Verb.SUMMARY, False),
        ("incident summary", Verb.SUMMARY, True),
        ("status update", Verb.SUMMARY, False),
        ("Zusammenfassung bitte", Verb.SUMMARY, False),
        ("总结一下这个故障", Verb.SUMMARY, True),
    ],
)
def test_short_orders_say_whether_they_can_be_meant_only_so(
    text: str, verb: Verb, *, says_incident: bool
) -> None:
    order = read_order(text)
    assert order is not None
    assert (order.verb, order.says_incident) == (verb, says_incident)


@pytest.mark.parametrize(
    ("text", "verb", "value"),
    [
        ("severity 2", Verb.SEVERITY, "2"),
        ("sev1", Verb.SEVERITY, "1"),
        ("set severity to 3", Verb.SEVERITY, "3"),
        ("Schweregrad 2", Verb.SEVERITY, "2"),
        ("严重级别 2", Verb.SEVERITY, "2"),
        ("commander @U0MAYA0001", Verb.COMMANDER, "U0MAYA0001"),
        ("incident commander: Jonas Weber", Verb.COMMANDER, "Jonas Weber"),
        ("impact: customers cannot pay", Verb.IMPACT, "customers cannot pay"),
        ("影响：用户无法支付", Verb.IMPACT, "用户无法支付"),
        ("note: rolled back at ten", Verb.NOTE, "rolled back at ten"),
    ],
)
def test_what_people_state_is_read(text: str, verb: Verb, value: str) -> None:
    order = read_order(text)
    assert order is not None
    assert (order.verb, order.text, order.says_incident) == (verb, value, "incident" in text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "why did the incident happen?",
        "what do we do when an incident starts?",
        "start incident response runbook",
        "summary of checkout logs",
        "show the timeline of checkout errors",
        "severity of this alert?",
        "incidents",
        "the log says: end incident",
        "severity 9",
        "start incident " + "x" * 700,
    ],
)
def test_anything_else_is_no_order(text: str) -> None:
    assert read_order(text) is None


def test_a_title_is_one_bounded_line() -> None:
    order = read_order("start incident a\nb " + "y" * 300)
    assert order is not None
    assert len(order.text) <= MAX_TITLE_CHARS
    assert "\n" not in order.text
