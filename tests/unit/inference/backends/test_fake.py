from __future__ import annotations

from collections import deque

import pytest

from inference import DecodeError, GrammarError, Sampling
from inference.backends.base import Chunk, DecodeStatus
from inference.backends.fake import FakeBackend
from inference.request import SeqId, TokenId

A, B = SeqId(0), SeqId(1)


def chunk(text: str, *, seq_id: SeqId = A, start: int = 0, n_outputs: int = 1) -> Chunk:
    tokens = [TokenId(byte) for byte in text.encode()]
    return Chunk(seq_id=seq_id, start=start, tokens=tokens, n_outputs=n_outputs)


def next_token(backend: FakeBackend, row: int) -> TokenId:
    return backend.sampler(Sampling(), None).sample(row)


def test_the_next_token_depends_on_every_cell_held() -> None:
    tokens: set[TokenId] = set()
    for text in ("abc", "abd", "xbc", "abcc"):
        backend = FakeBackend(reply=lambda cells: TokenId(sum(cells) % 251))
        backend.decode([chunk(text)])
        tokens.add(next_token(backend, len(text) - 1))
    assert len(tokens) == 4


def test_shared_cells_count_once_and_live_as_long_as_a_holder() -> None:
    backend = FakeBackend()
    backend.decode([chunk("abcd")])
    backend.share(A, B, start=0, stop=3)
    backend.decode([chunk("x", seq_id=B, start=3)])
    assert backend.n_cells_used == 5
    backend.truncate(A, 0)
    assert backend.held(B) == tuple(b"abcx")
    assert backend.n_cells_used == 4


def test_a_prefix_too_many_is_noticed() -> None:
    backend = FakeBackend()
    backend.decode([chunk("ab")])
    with pytest.raises(ValueError, match="too short"):
        backend.share(A, B, start=0, stop=3)


def test_tokens_at_the_wrong_position_are_refused() -> None:
    backend = FakeBackend()
    with pytest.raises(DecodeError) as caught:
        backend.decode([chunk("ab", start=1)])
    assert caught.value.code == -1


def test_a_full_memory_has_no_room_and_stays_as_it_was() -> None:
    backend = FakeBackend(n_ctx=3)
    assert backend.decode([chunk("ab")]) is DecodeStatus.DONE
    assert backend.decode([chunk("cd", start=2)]) is DecodeStatus.NO_ROOM
    assert backend.held(A) == tuple(b"ab")


@pytest.mark.parametrize(("code", "n_written"), [(-1, 0), (2, 2), (-3, 2)])
def test_failing_codes_leave_what_llama_cpp_leaves(code: int, n_written: int) -> None:
    backend = FakeBackend(codes=deque([code]))
    with pytest.raises(DecodeError) as caught:
        backend.decode([chunk("abcd")])
    assert caught.value.is_memory_intact == (code == -1)
    assert backend.n_tokens(A) == n_written


def test_rows_count_through_all_chunks_of_a_batch() -> None:
    backend = FakeBackend(reply=lambda cells: cells[-1])
    backend.decode([chunk("ab"), chunk("xyz", seq_id=B)])
    assert next_token(backend, 1) == ord("b")
    assert next_token(backend, 4) == ord("z")


def test_a_row_without_logits_cannot_be_sampled() -> None:
    backend = FakeBackend()
    backend.decode([chunk("ab", n_outputs=0)])
    with pytest.raises(KeyError):
        next_token(backend, 1)


def test_a_grammar_without_a_root_is_invalid() -> None:
    with pytest.raises(GrammarError):
        FakeBackend().sampler(Sampling(), "digit ::= [0-9]")
