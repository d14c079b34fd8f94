"""The button stands where the logs do not tell the cause, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.messages import Attachment, Choice, Choices, Prose, Reply
from bot.skills.investigation.offer import offer_investigation
from bot.skills.investigation.orders import Investigate, read_order
from bot.skills.investigation.phrases import phrases_of

Makes = Callable[..., Any]


def reply(evidence: str, *parts: Choices) -> Reply:
    facts = {"service": "checkout"} | ({"evidence": evidence} if evidence else {})
    return Reply(parts=(Prose(text="x"), *parts), summary="x", facts=facts)


def labels(given: Reply) -> list[str]:
    return [
        option.label for part in given.parts if isinstance(part, Choices) for option in part.options
    ]


def test_another_service_that_does_not_answer_is_a_reason(request_for: Makes) -> None:
    offered = offer_investigation(request_for("check"), reply("connection refused to orders"))
    assert labels(offered) == ["Investigate"]


def test_a_named_cause_is_none(request_for: Makes) -> None:
    shown = reply("No space left on device")
    assert offer_investigation(request_for("why?"), shown) is shown


def test_quiet_logs_are_one_only_when_somebody_asked_why(request_for: Makes) -> None:
    assert labels(offer_investigation(request_for("why is checkout slow?"), reply(""))) != []
    assert labels(offer_investigation(request_for("check the logs"), reply(""))) == []


def test_the_button_speaks_the_language_of_the_question(request_for: Makes) -> None:
    request = replace(request_for("warum ist checkout langsam?"), language="de")
    offered = offer_investigation(request, reply("KeyError: 'x'"))
    assert labels(offered) == [phrases_of("de").investigate]
    values = [
        one.value for part in offered.parts if isinstance(part, Choices) for one in part.options
    ]
    assert read_order(values[0]) == Investigate("checkout", "de")


def test_it_joins_the_buttons_that_are_there(request_for: Makes) -> None:
    more = Choices(options=(Choice(label="More", action="a", value="v"),))
    offered = offer_investigation(request_for("why?"), reply("KeyError: 'x'", more))
    assert labels(offered) == ["More", "Investigate"]
    assert sum(isinstance(part, Choices) for part in offered.parts) == 1


def test_terminals_and_pasted_texts_get_none(request_for: Makes) -> None:
    shown = reply("KeyError: 'x'")
    assert offer_investigation(request_for("why?", ""), shown) is shown
    pasted = replace(request_for("why?"), attachments=(Attachment(name="a", text="x"),))
    assert offer_investigation(pasted, shown) is shown
