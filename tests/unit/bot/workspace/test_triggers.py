"""A trigger id opens one view, once, in time."""

from __future__ import annotations

import pytest

from bot.workspace.errors import ApiError
from bot.workspace.triggers import Triggers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_names_the_person_once() -> None:
    triggers = Triggers(Clock(), 3.0)
    trigger = triggers.issue("U1")
    assert triggers.redeem(trigger) == "U1"
    with pytest.raises(ApiError, match="exchanged_trigger_id"):
        triggers.redeem(trigger)


def test_it_expires() -> None:
    clock = Clock()
    triggers = Triggers(clock, 3.0)
    trigger = triggers.issue("U1")
    clock.now = 3.1
    with pytest.raises(ApiError, match="expired_trigger_id"):
        triggers.redeem(trigger)


def test_an_invented_one_is_refused() -> None:
    with pytest.raises(ApiError, match="invalid_trigger_id"):
        Triggers(Clock(), 3.0).redeem("1.2.abc")
