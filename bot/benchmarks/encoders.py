"""The real encoder, and sentence-transformers beside it where it is installed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from inference import InferenceError
from knowledge import Document, estimate_tokens

from ..embedder import EngineEmbedder
from ..engine import open_engine
from ..settings import Settings
from .knowledge import measure_encoder, passages

_PEER = "sentence_transformers"
_PEER_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


async def measure_encoders(
    settings: Settings,
    documents: Sequence[Document],
    n_chunks: int,
    *,
    peer: bool,
    progress: Callable[[str], None],
) -> dict[str, dict[str, object]]:
    """Figures of each encoder by its name; a sentence for one that cannot be measured.

    Args:
        n_chunks: Passages each embeds; 0 measures none.
    """
    found: dict[str, dict[str, object]] = {}
    if not n_chunks:
        return found
    try:
        async with open_engine(settings, generator=False) as engine:
            speed = await measure_encoder(
                EngineEmbedder(engine), documents, n_chunks=n_chunks, progress=progress
            )
            found["engine"] = asdict(speed)
    except InferenceError as exc:
        found["engine"] = {"trouble": str(exc)}
    if peer:
        found["peer"] = await asyncio.to_thread(_peer, passages(documents, n_chunks), progress)
    return found


def _peer(texts: Sequence[str], progress: Callable[[str], None]) -> dict[str, object]:
    if find_spec(_PEER) is None:
        return {"trouble": "sentence-transformers is not installed"}
    library: Any = import_module(_PEER)
    try:
        model = library.SentenceTransformer(_PEER_MODEL, local_files_only=True)
    except OSError as exc:
        return {"trouble": f"{_PEER_MODEL} is not on this machine: {exc}"}
    progress(f"{_PEER_MODEL} embeds {len(texts)} passages")
    model.encode(texts[:8])
    began_mono = time.monotonic()
    model.encode(texts, batch_size=32)
    seconds = time.monotonic() - began_mono
    n_tokens = sum(estimate_tokens(text) for text in texts)
    return {
        "name": _PEER_MODEL,
        "n_chunks": len(texts),
        "n_tokens": n_tokens,
        "seconds": seconds,
        "chunks_per_s": len(texts) / seconds,
        "tokens_per_s": n_tokens / seconds,
    }
