"""How a model is loaded, without loading anything."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaOptions:
    """How a model is loaded.

    Attributes:
        n_ctx: Cells of the KV cache, in tokens.
        n_batch: Most rows in one decode.
        n_ubatch: Most rows computed at once, <= n_batch.
        n_threads: Threads; None: one per physical core.
        n_gpu_layers: Layers on the GPU; -1: all of them. Without a GPU it has no effect.
        n_seq_max: Running and cached sequences together, <= 256.
        model_hash: SHA-256 of the file as it was verified; empty: not known, and then sequences
            cannot be saved.
        repack_weights: Rearrange weights at load time. Decodes a little faster with several
            sequences, but prefills slower and loads ten times slower on the CPUs measured.
    """

    n_ctx: int = 16384
    n_batch: int = 512
    n_ubatch: int = 512
    n_threads: int | None = None
    n_gpu_layers: int = -1
    n_seq_max: int = 64
    repack_weights: bool = False
    model_hash: str = ""

    @property
    def threads(self) -> int:
        """The number of threads, default filled in."""
        return self.n_threads or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
