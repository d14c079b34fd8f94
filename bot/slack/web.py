"""The Web API calls the bot makes, typed; the only file that sees Slack's untyped responses.

Link previews are off for every message: a preview is a request that a quoted link could abuse.
"""
# slack_sdk's methods and responses carry untyped dictionaries; they are narrowed here.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from ..messages import OutgoingFile
from .blocks import Block
from .plain_table import has_table, without_tables

_REFUSED_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_attachments"})


class SlackCallError(Exception):
    """Slack refused a call or could not be reached.

    Attributes:
        method: The Web API method.
        error: Slack's error code, or "unreachable".
    """

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"{method}: {error}")
        self.method = method
        self.error = error


class SlackWeb:
    """The few methods the bot needs; every one raises `SlackCallError` when it fails."""

    def __init__(self, client: AsyncWebClient) -> None:
        """Use a client; its requests are retried when Slack asks to wait."""
        self.client = client
        self._takes_tables = True

    async def auth_test(self) -> tuple[str, str]:
        """Who the bot is: (team id, bot user id)."""
        with _translated("auth.test"):
            response = await self.client.auth_test()
            return str(response["team_id"]), str(response["user_id"])

    async def post(
        self, channel_id: str, thread_ts: str, text: str, blocks: Sequence[Block]
    ) -> str:
        """Post a message; an empty `thread_ts` posts into the channel. Returns its timestamp."""
        sent = self._shown(blocks)
        try:
            return await self._post(channel_id, thread_ts, text, sent)
        except SlackCallError as exc:
            if not self._is_about_table(exc, sent):
                raise
        return await self._post(channel_id, thread_ts, text, self._shown(blocks))

    async def _post(
        self, channel_id: str, thread_ts: str, text: str, blocks: Sequence[Block]
    ) -> str:
        with _translated("chat.postMessage"):
            response = await self.client.chat_postMessage(
                channel=channel_id,
                thread_ts=thread_ts or None,
                text=text,
                blocks=list(blocks),
                unfurl_links=False,
                unfurl_media=False,
            )
            return str(response["ts"])

    async def update(self, channel_id: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        """Replace a message."""
        sent = self._shown(blocks)
        try:
            await self._update(channel_id, ts, text, sent)
        except SlackCallError as exc:
            if not self._is_about_table(exc, sent):
                raise
            await self._update(channel_id, ts, text, self._shown(blocks))

    async def _update(self, channel_id: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        with _translated("chat.update"):
            await self.client.chat_update(channel=channel_id, ts=ts, text=text, blocks=list(blocks))

    def _shown(self, blocks: Sequence[Block]) -> Sequence[Block]:
        return blocks if self._takes_tables else without_tables(blocks)

    def _is_about_table(self, refusal: SlackCallError, sent: Sequence[Block]) -> bool:
        """Whether a table may be why Slack refused blocks; from then on none is sent."""
        if refusal.error not in _REFUSED_BLOCKS or not has_table(sent):
            return False
        self._takes_tables = False
        return True

    async def upload(self, channel_id: str, thread_ts: str, files: Sequence[OutgoingFile]) -> None:
        """Put files into a thread, all in one message."""
        uploads = [
            {
                "filename": file.name,
                "title": file.title,
                "content": file.content,
                "alt_txt": file.alt_text or None,
            }
            for file in files
        ]
        with _translated("files.completeUploadExternal"):
            await self.client.files_upload_v2(
                file_uploads=uploads, channel=channel_id, thread_ts=thread_ts or None
            )

    async def whisper(self, channel_id: str, thread_ts: str, user_id: str, text: str) -> None:
        """Tell one person something that nobody else sees; never model text."""
        with _translated("chat.postEphemeral"):
            await self.client.chat_postEphemeral(
                channel=channel_id, thread_ts=thread_ts or None, user=user_id, text=text
            )

    async def user(self, user_id: str) -> Mapping[str, Any]:
        """One user, as `users.info` describes them."""
        with _translated("users.info"):
            response = await self.client.users_info(user=user_id)
            user: dict[str, Any] = response["user"] or {}
            return user

    async def group_members(self, group_id: str) -> tuple[str, ...]:
        """User ids of a user group's members (needs the scope usergroups:read)."""
        with _translated("usergroups.users.list"):
            response = await self.client.usergroups_users_list(usergroup=group_id)
            return tuple(str(user_id) for user_id in response["users"] or ())

    async def replies(self, channel_id: str, thread_ts: str, limit: int) -> list[Mapping[str, Any]]:
        """The messages of a thread, oldest first, at most about `limit` (channels:history)."""
        found: list[Mapping[str, Any]] = []
        cursor = ""
        with _translated("conversations.replies"):
            while len(found) < limit:
                response = await self.client.conversations_replies(
                    channel=channel_id, ts=thread_ts, limit=min(limit, 200), cursor=cursor or None
                )
                found.extend(response["messages"] or ())
                cursor = str((response.get("response_metadata") or {}).get("next_cursor") or "")
                if not cursor:
                    break
        return found

    async def channel(self, channel_id: str) -> Mapping[str, Any]:
        """One conversation, as `conversations.info` describes it (needs channels:read)."""
        with _translated("conversations.info"):
            response = await self.client.conversations_info(channel=channel_id)
            channel: dict[str, Any] = response["channel"] or {}
            return channel

    async def permalink(self, channel_id: str, ts: str) -> str:
        """The address of a message."""
        with _translated("chat.getPermalink"):
            response = await self.client.chat_getPermalink(channel=channel_id, message_ts=ts)
            return str(response["permalink"])

    async def status(self, channel_id: str, thread_ts: str, status: str) -> None:
        """Show what the bot is doing under a thread; empty clears it."""
        with _translated("assistant.threads.setStatus"):
            await self.client.assistant_threads_setStatus(
                channel_id=channel_id, thread_ts=thread_ts, status=status
            )

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal; the trigger is valid for three seconds."""
        with _translated("views.open"):
            await self.client.views_open(trigger_id=trigger_id, view=dict(view))

    async def publish_home(self, user_id: str, blocks: Sequence[Block]) -> None:
        """Publish a person's App Home."""
        with _translated("views.publish"):
            view = {"type": "home", "blocks": list(blocks)}
            await self.client.views_publish(user_id=user_id, view=view)

    async def download(self, url: str, limit_bytes: int) -> bytes:
        """Fetch an uploaded file, at most `limit_bytes` + 1 bytes of it."""
        headers = {"Authorization": f"Bearer {self.client.token}"}
        timeout = aiohttp.ClientTimeout(total=30)
        with _translated("file download"):
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url, headers=headers) as response,
            ):
                response.raise_for_status()
                return await _read_up_to(response.content, limit_bytes + 1)


async def _read_up_to(stream: aiohttp.StreamReader, limit: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < limit:
        chunk = await stream.read(limit - len(chunks))
        if not chunk:
            break
        chunks += chunk
    return bytes(chunks)


def make_client(token: str, base_url: str) -> AsyncWebClient:
    """A client that waits when Slack says so and survives a dropped connection."""
    client = AsyncWebClient(token=token, base_url=base_url)
    client.retry_handlers.clear()
    client.retry_handlers.append(AsyncConnectionErrorRetryHandler(max_retry_count=2))
    client.retry_handlers.append(AsyncServerErrorRetryHandler(max_retry_count=2))
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    return client


@contextmanager
def _translated(method: str) -> Generator[None, None, None]:
    try:
        yield
    except SlackApiError as exc:
        raise SlackCallError(method, str(exc.response.get("error") or "unknown")) from exc
    except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as exc:
        raise SlackCallError(method, "unreachable") from exc
