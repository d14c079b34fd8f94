"""The rows of one native call, laid out as llama.cpp reads them."""

from __future__ import annotations

import ctypes
from typing import Protocol

import numpy as np

from ..errors import DecodeError
from .base import Chunk


class NativeBatch(Protocol):
    """The fields of `llama_batch` that point to rows."""

    n_tokens: int
    token: object
    pos: object
    n_seq_id: object
    seq_id: object
    logits: object


class RowBatch:
    """The rows of one call, in arrays that the native structure points into."""

    def __init__(self, n_rows: int, struct: NativeBatch) -> None:
        self._tokens = np.zeros(n_rows, dtype=np.int32)
        self._positions = np.zeros(n_rows, dtype=np.int32)
        self._n_seq_ids = np.ones(n_rows, dtype=np.int32)
        self._seq_ids = np.zeros(n_rows, dtype=np.int32)
        self._outputs = np.zeros(n_rows, dtype=np.int8)
        int32 = ctypes.POINTER(ctypes.c_int32)
        base = self._seq_ids.ctypes.data
        self._pointers = (int32 * n_rows)(
            *(ctypes.cast(base + 4 * row, int32) for row in range(n_rows))
        )
        self.struct = struct
        self.struct.token = self._tokens.ctypes.data_as(int32)
        self.struct.pos = self._positions.ctypes.data_as(int32)
        self.struct.n_seq_id = self._n_seq_ids.ctypes.data_as(int32)
        self.struct.seq_id = ctypes.cast(self._pointers, ctypes.POINTER(int32))
        self.struct.logits = self._outputs.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))

    def clear(self) -> None:
        """Forget all rows."""
        self.struct.n_tokens = 0

    def add(self, chunk: Chunk, *, is_pooled: bool = False) -> None:
        """Append a chunk's rows; all of them are outputs when the result is pooled."""
        first = self.struct.n_tokens
        end = first + len(chunk.tokens)
        if end > len(self._tokens):
            raise DecodeError(-1, is_memory_intact=True)
        self._tokens[first:end] = chunk.tokens
        self._positions[first:end] = np.arange(chunk.start, chunk.start + len(chunk.tokens))
        self._seq_ids[first:end] = chunk.seq_id
        self._outputs[first:end] = is_pooled
        if chunk.n_outputs:
            self._outputs[end - chunk.n_outputs : end] = True
        self.struct.n_tokens = end
