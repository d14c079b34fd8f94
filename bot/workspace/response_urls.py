"""Response URLs: five uses in thirty minutes, for whoever holds one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from .blocks import checked_message_blocks
from .errors import ApiError
from .json_values import JsonObject
from .posting import Posting
from .records import Message
from .seed import BOT_ID

_USES = 5


@dataclass(slots=True, kw_only=True)
class _Hook:
    channel_id: str
    user_id: str
    message_ts: str | None
    expires: float
    uses_left: int = _USES


class ResponseUrls:
    """Issues response URLs and carries out what is posted to them.

    Args:
        posting: Where messages go.
        bot_user_id: Who they are from.
        clock: Seconds on a clock that does not go back.
        ttl_s: Life of a URL, in seconds.
    """

    def __init__(
        self, posting: Posting, bot_user_id: str, clock: Callable[[], float], ttl_s: float
    ) -> None:
        self._posting = posting
        self._bot_user_id = bot_user_id
        self._clock = clock
        self._ttl_s = ttl_s
        self._hooks: dict[str, _Hook] = {}

    def issue(self, channel_id: str, user_id: str, message_ts: str | None = None) -> str:
        """A URL for one interaction.

        Args:
            channel_id: Where it happened.
            user_id: Who sees ephemeral answers.
            message_ts: The message it happened on, if any.
        """
        hook_id = secrets.token_urlsafe(18)
        self._hooks[hook_id] = _Hook(
            channel_id=channel_id,
            user_id=user_id,
            message_ts=message_ts,
            expires=self._clock() + self._ttl_s,
        )
        return f"{self._posting.wire.base_url}/hook/{hook_id}"

    def use(self, hook_id: str, body: JsonObject) -> None:
        """Carry out one post.

        Raises:
            ApiError: invalid_url, expired_url, used_url, no_text, invalid_blocks.
        """
        hook = self._hooks.get(hook_id)
        if hook is None:
            raise ApiError("invalid_url")
        if self._clock() > hook.expires:
            raise ApiError("expired_url")
        if hook.uses_left <= 0:
            raise ApiError("used_url")
        original = self._original(hook)
        if body.get("delete_original") and original is not None:
            self._posting.delete(original)
        elif body.get("replace_original") and original is not None:
            self._replace(original, body)
        else:
            self._posting.post(self.message(hook.channel_id, hook.user_id, body, original))
        hook.uses_left -= 1

    def message(
        self, channel_id: str, user_id: str, body: JsonObject, original: Message | None = None
    ) -> Message:
        """The message that a response asks for; ephemeral unless it says otherwise.

        Raises:
            ApiError: no_text or invalid_blocks.
        """
        text, blocks = str(body.get("text") or ""), checked_message_blocks(body.get("blocks"))
        if not text and not blocks:
            raise ApiError("no_text")
        thread_ts = body.get("thread_ts") or (original.thread_ts if original else None)
        return Message(
            channel_id=channel_id,
            ts=self._posting.state.timestamps.next(),
            user_id=self._bot_user_id,
            bot_id=BOT_ID,
            text=text,
            blocks=blocks,
            thread_ts=thread_ts,
            ephemeral_to=None if body.get("response_type") == "in_channel" else user_id,
            unfurl_links=body.get("unfurl_links"),
            unfurl_media=body.get("unfurl_media"),
        )

    def _original(self, hook: _Hook) -> Message | None:
        if hook.message_ts is None:
            return None
        return self._posting.state.message(hook.channel_id, hook.message_ts)

    def _replace(self, original: Message, body: JsonObject) -> None:
        after = replace(
            original,
            text=str(body.get("text") or ""),
            blocks=checked_message_blocks(body.get("blocks")),
            edited_ts=None if original.ephemeral_to else self._posting.state.timestamps.next(),
        )
        self._posting.edit(original, after)
