"""How much memory a model needs, estimated from its shape."""

from __future__ import annotations

from dataclasses import dataclass

_F16_BYTES = 2
_COMPUTE_BUFFER_BYTES = 350_000_000
"""Logits and activations of a 512-row batch with a vocabulary of about 150,000 tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionShape:
    """What decides the size of the KV cache.

    Attributes:
        head_dim: Length of one key (and value) vector of one head.
    """

    n_layers: int
    n_kv_heads: int
    head_dim: int

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of keys and values that one token occupies, in F16."""
        return 2 * self.n_layers * self.n_kv_heads * self.head_dim * _F16_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEstimate:
    """Memory while the model runs, in bytes.

    Attributes:
        compute_bytes: Working buffers; a rough constant.
    """

    weights_bytes: int
    kv_bytes: int
    compute_bytes: int

    @property
    def total_bytes(self) -> int:
        """Everything together."""
        return self.weights_bytes + self.kv_bytes + self.compute_bytes


def estimate_memory(
    n_file_bytes: int, shape: AttentionShape, n_ctx: int, *, is_encoder: bool = False
) -> MemoryEstimate:
    """Estimate what a model takes with `n_ctx` cells of KV cache.

    Args:
        n_file_bytes: Size of the GGUF file; weights stay in memory as they are in the file.
        n_ctx: Cells of the KV cache, in tokens.
        is_encoder: An encoder keeps no KV cache and has no logits over the vocabulary.
    """
    return MemoryEstimate(
        weights_bytes=n_file_bytes,
        kv_bytes=0 if is_encoder else shape.kv_bytes_per_token * n_ctx,
        compute_bytes=_COMPUTE_BUFFER_BYTES // 10 if is_encoder else _COMPUTE_BUFFER_BYTES,
    )
