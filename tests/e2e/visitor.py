"""A person in the local workspace: says things, presses buttons, waits for what appears."""

from __future__ import annotations

import json
from collections.abc import Callable

from bot.workspace import seed
from bot.workspace.interactions import Press
from bot.workspace.json_values import JsonObject
from bot.workspace.records import Message
from bot.workspace.server import Workspace

MENTION = f"<@{seed.BOT_USER_ID}>"


class Visitor:
    """Drives a workspace as its people would, by the same calls as the page."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def say(self, user_id: str, text: str, thread_ts: str | None = None) -> Message:
        return self.workspace.people.say(user_id, seed.INCIDENTS, text, thread_ts)

    def mention(self, user_id: str, text: str, thread_ts: str | None = None) -> Message:
        return self.say(user_id, f"{MENTION} {text}", thread_ts)

    async def sees(
        self, thread_ts: str, wanted: Callable[[str], bool], timeout_s: float = 30.0
    ) -> Message:
        """The bot's message in a thread whose text and blocks satisfy `wanted`."""

        def matches(message: Message) -> bool:
            return message.thread_ts == thread_ts and wanted(shown(message))

        return await self.workspace.wait_for_message(matches, timeout_s)

    async def sees_in_channel(
        self, wanted: Callable[[str], bool], timeout_s: float = 30.0
    ) -> Message:
        """The bot's message outside of threads whose text and blocks satisfy `wanted`."""

        def matches(message: Message) -> bool:
            return message.thread_ts is None and wanted(shown(message))

        return await self.workspace.wait_for_message(matches, timeout_s)

    async def press(self, user_id: str, message: Message, action_id: str) -> None:
        block_id = next(
            str(block["block_id"])
            for block in message.blocks
            if action_id in json.dumps(block.get("elements", []))
        )
        press = Press(
            user_id=user_id, block_id=block_id, action_id=action_id, selection={}, values={}
        )
        await self.workspace.interactions.press(press, message.channel_id, message.ts)

    async def submits(self, user_id: str, inputs: dict[str, dict[str, str]]) -> None:
        """Fill and submit the modal on top; `inputs` by block id and action id."""
        core = self.workspace.core
        view = await self.workspace.wait_for(lambda: core.views.top(user_id))
        values: JsonObject = {
            block: {
                name: {"type": "plain_text_input", "value": text} for name, text in fields.items()
            }
            for block, fields in inputs.items()
        }
        await self.workspace.interactions.submit(view.view_id, values)

    async def whispered(self, user_id: str, wanted: Callable[[str], bool]) -> Message:
        """What the bot told only this person."""

        def matches(message: Message) -> bool:
            return message.ephemeral_to == user_id and wanted(message.text)

        return await self.workspace.wait_for_message(matches, 10)


def shown(message: Message) -> str:
    return f"{message.text}\n{json.dumps(message.blocks, ensure_ascii=False)}"
