"""A due digest becomes a post."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from .messages import Reply
from .skills.logs.skill import LogsSkill
from .store.digests import Digest, Digests

PostDigest = Callable[[Digest, Reply], Awaitable[None]]


class DigestPoster:
    """Makes a due digest from the real logs and posts it."""

    def __init__(self, digests: Digests, logs: LogsSkill, post: PostDigest) -> None:
        """Post digests of `logs` with `post`."""
        self._digests = digests
        self._logs = logs
        self._post = post

    async def post(self, digest_id: str) -> None:
        """Post one digest; one that was removed meanwhile is not posted."""
        digest = await asyncio.to_thread(self._digests.get, digest_id)
        if digest is None:
            structlog.get_logger().warning("digest_gone", digest_id=digest_id)
            return
        reply = await self._logs.digest_reply(digest.service, digest.timezone)
        await self._post(digest, reply)
