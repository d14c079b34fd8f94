"""Files posted to the knowledge channel, as documents: same name replaces, deleted file removes."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from knowledge import Document, FolderSource, KnowledgeError, SkippedFile, SyncReport

from .note_desk import BUSY_WAITS_S, Shelf, patiently, take_in
from .store.uploads import UploadedDocument, UploadedDocuments

SOURCE = "uploads"
KIND = "uploads"
MAX_BYTES = 20 * 1024 * 1024
REMOVAL_WAITS_S = (*BUSY_WAITS_S, *((60.0,) * 180))
"""Nobody deletes a file twice, so its removal outwaits the longest sync."""

_MAX_NAME_CHARS = 200


class UploadShelf(Shelf, Protocol):
    """Takes documents in and out; `knowledge.KnowledgeBase` does."""

    async def remove(self, source: str, path: str | None = None) -> SyncReport:
        """Forget a document."""
        ...


class UploadRefusedError(Exception):
    """A file does not become a document; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedFile:
    """A file that somebody posted.

    Attributes:
        at: Aware UTC.
    """

    file_id: str
    name: str
    content: bytes
    channel_id: str
    message_ts: str
    user_id: str
    author: str
    url: str
    at: datetime


class UploadDesk:
    """Turns files into documents.

    Args:
        shelf: Where documents go.
        uploaded: Remembers which file a document was made of.
        audience: The access groups of a channel.
        waits_s: Pauses before another try while a sync is running, in seconds.
        removal_waits_s: The same where a document must go.
    """

    def __init__(
        self,
        shelf: UploadShelf,
        uploaded: UploadedDocuments,
        audience: Callable[[str], Awaitable[frozenset[str]]],
        waits_s: Sequence[float] = BUSY_WAITS_S,
        removal_waits_s: Sequence[float] = REMOVAL_WAITS_S,
    ) -> None:
        self._shelf = shelf
        self._uploaded = uploaded
        self._audience = audience
        self._waits_s = waits_s
        self._removal_waits_s = removal_waits_s

    async def take(self, posted: PostedFile) -> str:
        """Index a file; says in one sentence what was indexed.

        Raises:
            UploadRefusedError: It is no document, too large, or could not be indexed.
        """
        document = await asyncio.to_thread(read_document, posted.name, posted.content)
        groups = await self._audience(posted.channel_id)
        known = document.metadata
        document = replace(
            document,
            metadata=replace(
                known,
                url=known.url or posted.url,
                owner=known.owner or posted.author,
                updated_at=known.updated_at or posted.at,
                groups=narrowed(known.groups, groups),
            ),
        )
        try:
            report, remark = await take_in(self._shelf, document, KIND, self._waits_s)
        except KnowledgeError as exc:
            raise UploadRefusedError(f"it could not be indexed: {exc}") from exc
        await asyncio.to_thread(self._uploaded.save, _record(document.path, posted))
        structlog.get_logger().info("document_uploaded", path=document.path)
        who = _who_finds_it(document.metadata.groups)
        if report is None:
            return f"{who}. {remark}"
        return f"{_counted(report)}, {who}."

    async def file_gone(self, file_id: str) -> None:
        """Remove what was made of a file that was deleted."""
        await self._remove(await asyncio.to_thread(self._uploaded.of_file, file_id))

    async def message_gone(self, channel_id: str, ts: str) -> None:
        """Remove what was made of the files of a message that was deleted."""
        await self._remove(await asyncio.to_thread(self._uploaded.of_message, channel_id, ts))

    async def _remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            await patiently(partial(self._shelf.remove, SOURCE, path), self._removal_waits_s)
            await asyncio.to_thread(self._uploaded.forget, path)
            structlog.get_logger().info("uploaded_document_removed", path=path)


def read_document(name: str, content: bytes) -> Document:
    """Read a file's bytes as a document of the source "uploads".

    Raises:
        UploadRefusedError: They are none; the message says why.
    """
    if len(content) > MAX_BYTES:
        raise UploadRefusedError(f"it is larger than {MAX_BYTES // 2**20} MiB")
    plain = Path(name.replace("\\", "/")).name.strip().lstrip(".")[-_MAX_NAME_CHARS:]
    if not plain or "\0" in plain:
        raise UploadRefusedError("it has no usable name")
    with tempfile.TemporaryDirectory(prefix="opsbot-upload-") as folder:
        file = Path(folder, plain)
        try:
            file.write_bytes(content)
            found = next(iter(FolderSource(file, SOURCE).read({})), None)
        except (OSError, UnicodeError, KnowledgeError) as exc:
            raise UploadRefusedError("it could not be read as a file") from exc
    if isinstance(found, Document):
        return found
    raise UploadRefusedError(
        found.reason if isinstance(found, SkippedFile) else "it is no document"
    )


def narrowed(own: frozenset[str], room: frozenset[str]) -> frozenset[str]:
    """The groups that may read a document which names its own and is posted to a channel.

    Raises:
        UploadRefusedError: Nobody would satisfy both.
    """
    if not own or not room:
        return own | room
    both = own & room
    if not both:
        names = ", ".join(sorted(own))
        raise UploadRefusedError(f"it is only for {names}, and this channel is not")
    return both


def _record(path: str, posted: PostedFile) -> UploadedDocument:
    return UploadedDocument(
        path=path,
        file_id=posted.file_id,
        channel_id=posted.channel_id,
        message_ts=posted.message_ts,
        user_id=posted.user_id,
        created_at=posted.at,
    )


def _who_finds_it(groups: frozenset[str]) -> str:
    return f"found only by {', '.join(sorted(groups))}" if groups else "found by everybody"


def _counted(report: SyncReport) -> str:
    n = report.n_embedded
    return "no new passage" if not n else f"{n} new passage{'' if n == 1 else 's'}"
