"""Only clear orders to different skills become steps."""

from __future__ import annotations

import pytest

from bot.messages import Intent
from bot.router.objection import is_objection
from bot.router.plan import plan_of
from bot.router.training.messages import generate

LOGS, RUNBOOK, CODE = Intent.LOGS, Intent.RUNBOOK, Intent.CODE


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("check the logs and restart it if it's stuck", [LOGS, RUNBOOK]),
        ("look at the logs of payments, then roll back if there are new errors", [LOGS, RUNBOOK]),
        ("why is checkout failing? restart it", [LOGS, RUNBOOK]),
        ("check why search is slow, then write a promql query for its latency", [LOGS, CODE]),
        ("restart nginx on web-3 and check the logs", [RUNBOOK, LOGS]),
        ("analyse the logs of auth and post a summary every morning", [LOGS, Intent.SCHEDULE]),
        ("看一下订单服务的日志,然后重启", [LOGS, RUNBOOK]),
        ("schau die Logs von checkout an und starte nginx neu", [LOGS, RUNBOOK]),
        ("revisa los logs de pagos y reinicia nginx", [LOGS, RUNBOOK]),
    ],
)
def test_several_orders_become_steps_in_their_order(text: str, intents: list[Intent]) -> None:
    assert [step.intent for step in plan_of(text)] == intents


def test_a_condition_is_kept_apart_from_the_order() -> None:
    _, step = plan_of("check the logs and if it is stuck, restart checkout")
    assert (step.text, step.condition) == ("restart checkout", "it is stuck")


@pytest.mark.parametrize(
    "text",
    [
        "restart nginx and redis on web-3",
        "drain node-12 and reboot it",
        "write a bash script that checks the logs and restarts nginx",
        "write a script to check the logs and restart nginx",
        "every morning check the logs and restart nginx",
        "how do we check the logs and restart nginx?",
        "check the logs and tell me what broke",
        "remind me to check the logs and restart nginx",
        "why did nginx restart and kill the pods",
        "don't check the logs and restart it",
        "check the logs and the metrics",
        "",
        "check the logs and restart it " * 400,
    ],
)
def test_an_ordinary_request_stays_one_request(text: str) -> None:
    assert plan_of(text) == ()


def test_no_single_message_of_the_training_set_is_split() -> None:
    assert [message.text for message in generate() if plan_of(message.text)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("that's not what I meant", True),
        ("No, that is not what I asked for.", True),
        ("我不是这个意思", True),
        ("that's not what I meant by urgent, restart nginx", False),
        ("what did you mean", False),
    ],
)
def test_objections_are_recognised(text: str, expected: bool) -> None:
    assert is_objection(text) is expected
