"""One point of the search: the settings whose best values depend on the machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..backends.options import FlashAttention, KvType, LlamaOptions
from ..scheduler import DEFAULT_CHUNK

_ROWS_BESIDE_A_CHUNK = 64
"""Room for decode rows, so that a full chunk beside them is still computed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedSettings:
    """Settings that change speed and memory, not what is written.

    Attributes:
        n_chunk: Most prefill rows in one step.
        n_gpu_layers: Layers on the GPU; -1: all of them.
        tensor_split: Share of the layers each GPU gets, in proportion; empty: by free memory.
        kv_type: How keys and values are stored.
    """

    n_threads: int
    n_chunk: int = DEFAULT_CHUNK
    repack_weights: bool = False
    kv_type: KvType = KvType.F16
    flash_attention: FlashAttention = FlashAttention.AUTO
    n_gpu_layers: int = -1
    tensor_split: tuple[float, ...] = ()
    main_gpu: int = 0

    @property
    def n_ubatch(self) -> int:
        """Rows computed at once, which is what the working buffers are sized for."""
        return self.n_chunk + _ROWS_BESIDE_A_CHUNK

    def options(self, base: LlamaOptions) -> LlamaOptions:
        """How to load a model with these settings, all others as in `base`."""
        return replace(
            base,
            n_batch=self.n_ubatch,
            n_ubatch=self.n_ubatch,
            n_threads=self.n_threads,
            n_gpu_layers=self.n_gpu_layers,
            main_gpu=self.main_gpu,
            tensor_split=self.tensor_split,
            kv_type_k=self.kv_type,
            kv_type_v=self.kv_type,
            flash_attention=self.flash_attention,
            repack_weights=self.repack_weights,
        )
