"""The knowledge channel: what members upload there becomes a document, and goes with the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog

from knowledge import KnowledgeError
from runbooks.errors import DirectoryError

from ..dispatch import Sightings
from ..messages import Actor, ActorKind, ThreadRef
from ..store.errors import StoreError
from ..upload_desk import MAX_BYTES, PostedFile, UploadDesk, UploadRefusedError
from .blocks import section
from .incoming import Incoming, Upload
from .mrkdwn import code_span, escape
from .people import People
from .web import SlackCallError, SlackWeb


class KnowledgeIntake:
    """Takes files of one channel.

    Args:
        channel_id: The knowledge channel.
        sightings: Which messages were seen before, across restarts.
    """

    def __init__(
        self,
        *,
        web: SlackWeb,
        people: People,
        desk: UploadDesk,
        channel_id: str,
        sightings: Sightings,
    ) -> None:
        self._web = web
        self._people = people
        self._desk = desk
        self._channel_id = channel_id
        self._sightings = sightings

    def wants(self, incoming: Incoming) -> bool:
        """Whether a message brings documents."""
        return incoming.thread.channel_id == self._channel_id and bool(incoming.uploads)

    async def take(self, incoming: Incoming) -> None:
        """Index the files of a message, once; its thread says what became of each."""
        key, now = f"upload-{incoming.request_id}", datetime.now(UTC)
        if not await asyncio.to_thread(self._sightings.first_sight, key, now):
            return
        try:
            actor = await self._people.actor(incoming.user_id)
        except DirectoryError as exc:
            await self._answer(incoming.thread, f"Not indexed: {escape(str(exc))}.")
            return
        if actor.kind is not ActorKind.MEMBER:
            await self._answer(incoming.thread, "Not indexed: only members add documents.")
            return
        lines = [line async for line in self._lines(incoming, actor)]
        await self._answer(incoming.thread, "\n".join(lines))

    async def file_gone(self, file_id: str) -> None:
        """Remove what was made of a deleted file."""
        try:
            await self._desk.file_gone(file_id)
        except (KnowledgeError, StoreError):
            structlog.get_logger().exception("upload_not_removed", file_id=file_id)

    async def message_gone(self, channel_id: str, ts: str) -> None:
        """Remove what was made of the files of a deleted message."""
        if channel_id != self._channel_id:
            return
        try:
            await self._desk.message_gone(channel_id, ts)
        except (KnowledgeError, StoreError):
            structlog.get_logger().exception("upload_not_removed", ts=ts)

    async def _lines(self, incoming: Incoming, actor: Actor) -> AsyncIterator[str]:
        for upload in incoming.uploads:
            name = code_span(upload.name)
            try:
                said = await self._desk.take(await self._fetched(upload, incoming, actor))
                yield f"Indexed {name}: {escape(said)}"
            except SlackCallError:
                yield f"Not indexed {name}: it could not be fetched; upload it again."
            except (UploadRefusedError, StoreError) as exc:
                yield f"Not indexed {name}: {escape(str(exc))}."

    async def _fetched(self, upload: Upload, incoming: Incoming, actor: Actor) -> PostedFile:
        if upload.size_bytes > MAX_BYTES:
            raise UploadRefusedError(f"it is larger than {MAX_BYTES // 2**20} MiB")
        return PostedFile(
            file_id=upload.file_id,
            name=upload.name,
            content=await self._web.download(upload.url, MAX_BYTES),
            channel_id=incoming.thread.channel_id,
            message_ts=incoming.ts,
            user_id=actor.user_id,
            author=actor.name,
            url=await self._link(incoming),
            at=datetime.now(UTC),
        )

    async def _link(self, incoming: Incoming) -> str:
        try:
            return await self._web.permalink(incoming.thread.channel_id, incoming.ts)
        except SlackCallError:
            return ""

    async def _answer(self, thread: ThreadRef, text: str) -> None:
        await self._web.post(thread.channel_id, thread.thread_ts, text, [section(text)])
