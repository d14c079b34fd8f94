"""A model without weights: deterministic, instant, and honest about its memory.

Its next token is a function of the cells a sequence really holds, so a mistake in batching or in
prefix reuse changes the text. It answers calls in the wrong order, or on cells that are not there,
with an error instead of guessing.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError, GrammarError
from ..request import Sampling, SeqId, TokenId
from .base import Chunk, DecodeStatus, ModelInfo

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

_SPECIAL = ("<|im_start|>", "<|im_end|>")
_START, _END = TokenId(256), TokenId(257)
_SPECIAL_PATTERN = re.compile("(" + "|".join(re.escape(text) for text in _SPECIAL) + ")")
_ALPHABET = tuple("pool checkout orders é → 🔥 restart timeout. ".encode())


class FakeVocabulary:
    """Tokens 0..255 are bytes, 256 opens a turn and 257 ends it."""

    def tokenize(self, text: str, *, parse_special: bool) -> list[TokenId]:
        """One token per byte, and one per special spelling if those are parsed."""
        parts = _SPECIAL_PATTERN.split(text) if parse_special else [text]
        tokens: list[TokenId] = []
        for part in parts:
            if parse_special and part in _SPECIAL:
                tokens.append(TokenId(256 + _SPECIAL.index(part)))
            else:
                tokens += [TokenId(byte) for byte in part.encode()]
        return tokens

    def piece(self, token: TokenId) -> bytes:
        """The token's byte; nothing for special tokens."""
        return bytes([token]) if token < 256 else b""

    def is_end(self, token: TokenId) -> bool:
        """Only token 257 ends a turn."""
        return token == _END


def default_reply(cells: tuple[TokenId, ...]) -> TokenId:
    """Choose a next token by hashing every token before it; ends a turn now and then."""
    digest = hashlib.blake2b(repr(cells).encode(), digest_size=4).digest()
    number = int.from_bytes(digest, "big")
    return _END if number % 61 == 0 else TokenId(_ALPHABET[number % len(_ALPHABET)])


@dataclass(slots=True, eq=False)
class _Cell:
    token: TokenId
    position: int
    holders: set[SeqId]


@dataclass(slots=True, eq=False)
class _FakeSampler:
    backend: FakeBackend
    is_closed: bool = False

    def sample(self, row: int) -> TokenId:
        if self.is_closed:
            raise ValueError("the sampler is closed")
        return self.backend.reply_at(row)

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.backend.n_samplers -= 1


@dataclass(slots=True, eq=False)
class FakeBackend:
    """The `Backend` protocol on a list of cells.

    Attributes:
        reply: Chooses the next token from all tokens of the sequence up to there.
        codes: Results of the next decode calls, as llama.cpp numbers them; 0 is assumed when
            empty. 1: no room; 2 and below -1: half of the batch was written; -1: refused.
        on_decode: Called at the start of every decode, for example to cancel at that moment.
        n_samplers: Samplers that are open.
        n_decoded: Rows processed since it was made.
        n_resets: How often the context was rebuilt.
        reset_failure: Raised by `reset`.
    """

    n_ctx: int = 512
    n_batch: int = 16
    n_seq_max: int = 8
    chat_template: str | None = CHATML
    can_share_prefixes: bool = True
    n_threads: int = 4
    identity: str = "fake"
    reply: Callable[[tuple[TokenId, ...]], TokenId] = default_reply
    codes: deque[int] = field(default_factory=deque[int])
    on_decode: Callable[[Sequence[Chunk]], None] | None = None
    vocabulary: FakeVocabulary = field(default_factory=FakeVocabulary)
    n_samplers: int = 0
    n_decoded: int = 0
    n_resets: int = 0
    reset_failure: Exception | None = None
    is_closed: bool = False
    n_threads_used: int = 4
    _cells: list[_Cell] = field(default_factory=list[_Cell])
    _rows: dict[int, tuple[TokenId, ...]] = field(default_factory=dict[int, "tuple[TokenId, ...]"])

    @property
    def info(self) -> ModelInfo:
        """A small model whose sequences may fill all cells."""
        return ModelInfo(
            description="fake",
            n_ctx=self.n_ctx,
            n_ctx_seq=self.n_ctx,
            n_batch=self.n_batch,
            n_seq_max=self.n_seq_max,
            can_share_prefixes=self.can_share_prefixes,
            n_threads=self.n_threads,
            identity=self.identity,
            chat_template=self.chat_template,
        )

    @property
    def n_cells_used(self) -> int:
        """Cells that at least one sequence holds; shared ones count once."""
        return len(self._cells)

    def held(self, seq_id: SeqId) -> tuple[TokenId, ...]:
        """The tokens a sequence holds, by position."""
        cells = sorted(
            (cell for cell in self._cells if seq_id in cell.holders), key=lambda c: c.position
        )
        if [cell.position for cell in cells] != list(range(len(cells))):
            raise ValueError(f"sequence {seq_id} has holes or doubled positions")
        return tuple(cell.token for cell in cells)

    def decode(
        self, chunks: Sequence[Chunk], *, should_abort: Callable[[], bool] | None = None
    ) -> DecodeStatus:
        """Add the chunks' tokens to memory, or do what the next of `codes` says.

        `should_abort` is asked once, when half of the batch is written.
        """
        if self.on_decode is not None:
            self.on_decode(chunks)
        n_rows = sum(len(chunk.tokens) for chunk in chunks)
        if not 0 < n_rows <= self.n_batch:
            raise DecodeError(-1, is_memory_intact=True)
        code = self.codes.popleft() if self.codes else 0
        if code == 1 or self.n_cells_used + n_rows > self.n_ctx:
            return DecodeStatus.NO_ROOM
        self._rows = {}
        if code == -1:
            raise DecodeError(code, is_memory_intact=True)
        if code != 0:
            self._write(chunks, n_rows // 2)
            raise DecodeError(code, is_memory_intact=False)
        if should_abort is not None and should_abort():
            self._write(chunks, n_rows // 2)
            return DecodeStatus.ABORTED
        self._write(chunks, n_rows)
        return DecodeStatus.DONE

    def sampler(self, sampling: Sampling, grammar: str | None) -> _FakeSampler:
        """Refuses grammars without a root rule, ignores all others."""
        if grammar is not None and "root ::=" not in grammar:
            raise GrammarError("the grammar has no rule root")
        self.n_samplers += 1
        return _FakeSampler(self)

    def share(self, source: SeqId, target: SeqId, *, start: int, stop: int) -> None:
        """Share cells; both sequences must be as the protocol says."""
        if len(self.held(target)) < start or len(self.held(source)) < stop:
            raise ValueError("the target or the source is too short")
        for cell in self._cells:
            if start <= cell.position < stop:
                cell.holders.discard(target)
                if source in cell.holders:
                    cell.holders.add(target)
        self._cells = [cell for cell in self._cells if cell.holders]

    def read_state(self, seq_id: SeqId) -> bytes:
        """The sequence's tokens."""
        return np.array(self.held(seq_id), dtype=np.int32).tobytes()

    def write_state(self, seq_id: SeqId, state: bytes) -> bool:
        """Cells for the tokens, if there is room and the state could be one."""
        if self.held(seq_id):
            raise ValueError("the sequence is not empty")
        if len(state) % 4 or self.n_cells_used + len(state) // 4 > self.n_ctx:
            return False
        tokens = np.frombuffer(state, dtype=np.int32)
        self._cells += [_Cell(TokenId(int(t)), i, {seq_id}) for i, t in enumerate(tokens)]
        return True

    def set_threads(self, n_threads: int) -> None:
        """Remember the number."""
        if not 1 <= n_threads <= self.n_threads:
            raise ValueError(f"n_threads must be within 1..{self.n_threads}, got {n_threads}")
        self.n_threads_used = n_threads

    def truncate(self, seq_id: SeqId, n_tokens: int) -> None:
        """Drop a sequence's cells; those nobody else holds become free.

        Memory that cannot share prefixes cannot drop a part either, as recurrent memory cannot.
        """
        if not self.can_share_prefixes and 0 < n_tokens < self.n_tokens(seq_id):
            return
        for cell in self._cells:
            if cell.position >= n_tokens:
                cell.holders.discard(seq_id)
        self._cells = [cell for cell in self._cells if cell.holders]

    def n_tokens(self, seq_id: SeqId) -> int:
        """How many tokens a sequence holds."""
        return len(self.held(seq_id))

    def reset(self) -> None:
        """Forget all cells."""
        if self.reset_failure is not None:
            raise self.reset_failure
        self._cells = []
        self.n_resets += 1

    def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def reply_at(self, row: int) -> TokenId:
        """The token that follows a row of the last batch, which must have asked for logits."""
        return self.reply(self._rows[row])

    def _write(self, chunks: Sequence[Chunk], n_rows: int) -> None:
        row = 0
        for chunk in chunks:
            if chunk.start != self.n_tokens(chunk.seq_id):
                raise DecodeError(-1, is_memory_intact=True)
            for offset, token in enumerate(chunk.tokens):
                if row == n_rows:
                    return
                self._cells.append(_Cell(token, chunk.start + offset, {chunk.seq_id}))
                row += 1
            self.n_decoded += len(chunk.tokens)
            held = self.held(chunk.seq_id)
            for back in range(chunk.n_outputs):
                self._rows[row - 1 - back] = held[: len(held) - back]


@dataclass(slots=True, eq=False)
class FakeEncoder:
    """The `EncoderBackend` protocol: texts that share words get similar vectors.

    Attributes:
        failure: Raised by the next `embed`, once.
    """

    name: str = "fake-encoder"
    n_dimensions: int = 32
    n_ctx: int = 16
    n_batch: int = 64
    n_seq_max: int = 4
    failure: Exception | None = None
    n_batches: int = 0
    is_closed: bool = False

    def tokenize(self, text: str) -> list[TokenId]:
        """One token per word between two special ones, truncated to `n_ctx`."""
        words = [TokenId(_number(word)) for word in text.lower().split()]
        return [_START, *words[: self.n_ctx - 2], _END]

    def embed(self, batch: Sequence[Sequence[TokenId]]) -> NDArray[np.float32]:
        """Sum one fixed direction per token and normalise."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        if len(batch) > self.n_seq_max or sum(map(len, batch)) > self.n_batch:
            raise DecodeError(-1, is_memory_intact=True)
        self.n_batches += 1
        rows = np.zeros((len(batch), self.n_dimensions), dtype=np.float32)
        for row, tokens in zip(rows, batch, strict=True):
            for token in tokens:
                row[token % self.n_dimensions] += 1.0
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True


def _number(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
