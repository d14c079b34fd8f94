"""What only one person hears is said later when Slack is away, and given up when it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from bot.messages import ThreadRef
from bot.slack.web import SlackCallError, SlackWeb
from bot.slack.whispers import whisper

THREAD = ThreadRef("C1", "1.0")


@dataclass
class Web:
    errors: list[str]
    said: list[str] = field(default_factory=list[str])
    n_tries: int = 0

    async def whisper(self, _channel_id: str, _ts: str, _user_id: str, text: str) -> None:
        self.n_tries += 1
        if self.errors:
            raise SlackCallError("chat.postEphemeral", self.errors.pop(0))
        self.said.append(text)


@pytest.mark.parametrize(
    ("errors", "n_tries", "said"),
    [
        ([], 1, ["no"]),
        (["unreachable", "internal_error"], 3, ["no"]),
        (["unreachable"] * 5, 4, []),
        (["user_not_in_channel"], 1, []),
    ],
)
async def test_it_is_tried_again_only_while_slack_is_away(
    errors: list[str], n_tries: int, said: list[str]
) -> None:
    web = Web(errors)
    await whisper(cast("SlackWeb", web), THREAD, "U1", "no", (0.0, 0.0, 0.0))
    assert (web.n_tries, web.said) == (n_tries, said)
