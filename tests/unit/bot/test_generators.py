"""Which generator answers for which skill."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from bot.generators import Generators, open_generators
from bot.settings import SettingsError, load_settings
from inference import ChatMessage, Ended, Event, Fault, GenerateRequest, Outcome, Role, TextDelta
from inference.live_requests import drain
from inference.remote import Failover

REQUEST = GenerateRequest(request_id="a", messages=(ChatMessage(Role.USER, "why?"),), max_tokens=8)
REMOTE = {"remote_url": "http://far/v1", "remote_model": "big"}


class Saying:
    def __init__(self, text: str) -> None:
        self._text = text

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        if self._text:
            yield TextDelta(text=self._text)
            yield Ended(outcome=Outcome.FINISHED)
        else:
            yield Ended(outcome=Outcome.REJECTED, reason="no", fault=Fault.UNAVAILABLE)

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        return await drain(self.stream(request))


async def test_each_skill_is_answered_in_its_own_order() -> None:
    generators = Generators(
        {"logs": "local,remote", "code": "remote", "knowledge": "remote,local"},
        {"local": Saying(""), "remote": Saying("far")},
    )
    assert (await generators.of("logs").complete(REQUEST))[0] == "far"
    assert (await generators.of("code").complete(REQUEST))[0] == "far"
    assert (await generators.of("knowledge").complete(REQUEST))[0] == "far"


async def test_a_skill_that_is_not_named_is_answered_here() -> None:
    local = Saying("here")
    async with open_generators(load_settings(), local) as generators:
        assert generators.of("logs") is local


async def test_settings_name_an_endpoint_to_fail_over_to() -> None:
    settings = load_settings(inference={**REMOTE, "order": {"logs": "local,remote"}})
    local = Saying("here")
    async with open_generators(settings, local) as generators:
        assert isinstance(generators.of("logs"), Failover)
        assert (await generators.of("logs").complete(REQUEST))[0] == "here"
        assert generators.of("code") is local


def test_an_order_that_names_an_endpoint_nobody_described_is_refused() -> None:
    with pytest.raises(SettingsError, match="order names remote for logs: set remote_url"):
        load_settings(inference={"order": {"logs": "remote,local"}})


@pytest.mark.parametrize(
    "inference",
    [
        {**REMOTE, "order": {"logs": "cloud"}},
        {**REMOTE, "order": {"router": "remote"}},
        {"remote_url": "far:8000"},
    ],
)
def test_unknown_skills_places_and_addresses_are_refused(inference: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="inference"):
        load_settings(inference=inference)
