"""The arrays of a batch, read back through the pointers that the native side gets."""

from __future__ import annotations

import ctypes

import pytest

from inference import DecodeError
from inference.backends.base import Chunk
from inference.backends.row_batch import RowBatch
from inference.request import SeqId, TokenId

INT32 = ctypes.POINTER(ctypes.c_int32)


class Struct(ctypes.Structure):
    n_tokens: int
    token: object
    pos: object
    n_seq_id: object
    seq_id: object
    logits: object

    _fields_ = (
        ("n_tokens", ctypes.c_int32),
        ("token", INT32),
        ("pos", INT32),
        ("n_seq_id", INT32),
        ("seq_id", ctypes.POINTER(INT32)),
        ("logits", ctypes.POINTER(ctypes.c_int8)),
    )


def chunk(seq_id: int, start: int, tokens: list[int], *, n_outputs: int) -> Chunk:
    return Chunk(
        seq_id=SeqId(seq_id),
        start=start,
        tokens=[TokenId(token) for token in tokens],
        n_outputs=n_outputs,
    )


def rows(struct: Struct) -> list[tuple[int, int, int, int]]:
    """(token, position, sequence, output) of each row."""
    fields = struct.token, struct.pos, struct.seq_id, struct.logits
    token, position, seq_id, output = fields
    assert isinstance(token, INT32)
    assert isinstance(position, INT32)
    assert isinstance(seq_id, ctypes.POINTER(INT32))
    assert isinstance(output, ctypes.POINTER(ctypes.c_int8))
    return [(token[i], position[i], seq_id[i][0], int(output[i])) for i in range(struct.n_tokens)]


def test_chunks_lie_behind_each_other_and_only_last_rows_are_outputs() -> None:
    struct = Struct()
    batch = RowBatch(8, struct)
    batch.clear()
    batch.add(chunk(3, 5, [7, 8], n_outputs=1))
    batch.add(chunk(1, 0, [9], n_outputs=0))
    assert rows(struct) == [(7, 5, 3, 0), (8, 6, 3, 1), (9, 0, 1, 0)]


def test_a_cleared_batch_leaves_nothing_of_the_last_one() -> None:
    struct = Struct()
    batch = RowBatch(4, struct)
    batch.clear()
    batch.add(chunk(3, 5, [7, 8], n_outputs=1))
    batch.clear()
    batch.add(chunk(0, 0, [1, 2, 3], n_outputs=0))
    assert rows(struct) == [(1, 0, 0, 0), (2, 1, 0, 0), (3, 2, 0, 0)]


def test_every_row_of_a_pooled_chunk_is_an_output() -> None:
    struct = Struct()
    batch = RowBatch(4, struct)
    batch.clear()
    batch.add(chunk(0, 0, [1, 2], n_outputs=1), is_pooled=True)
    assert [output for *_, output in rows(struct)] == [1, 1]


def test_more_rows_than_fit_are_refused() -> None:
    batch = RowBatch(2, Struct())
    batch.clear()
    with pytest.raises(DecodeError):
        batch.add(chunk(0, 0, [1, 2, 3], n_outputs=0))
