"""Syncs a folder with a slow encoder until somebody kills it; run by a test, as a process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge import FolderSource, KnowledgeBase, SyncProgress
from knowledge.hash_embedder import HashEmbedder


class Slow(HashEmbedder):
    """Takes its time with every text."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        await asyncio.sleep(0.02 * len(texts))
        return await super().embed(texts)


async def main(home: Path, docs: Path) -> None:
    def show(progress: SyncProgress) -> None:
        sys.stdout.write(f"{progress.stage} {progress.done} {progress.total}\n")
        sys.stdout.flush()

    base = KnowledgeBase(home, Slow())
    await base.sync([FolderSource(docs)], show)
    await base.close()


asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
