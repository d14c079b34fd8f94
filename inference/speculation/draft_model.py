"""Guessing with a smaller model of the same vocabulary."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..backends.base import Backend, Chunk, DecodeStatus, Sampler, Vocabulary
from ..errors import DecodeError, ModelUnavailableError
from ..request import Sampling, SeqId, TokenId

_N_COMPARED = 512
"""Tokens whose spelling is compared; vocabularies differ in many places or in none."""


class SizedVocabulary(Vocabulary, Protocol):
    """A vocabulary of known size."""

    @property
    def n_tokens(self) -> int:
        """Tokens are 0 <= id < n_tokens."""
        ...


def check_same_vocabulary(target: SizedVocabulary, draft: SizedVocabulary) -> None:
    """Make sure that a token of one model is the same token of the other.

    Raises:
        ModelUnavailableError: It is not.
    """
    if target.n_tokens != draft.n_tokens:
        raise ModelUnavailableError(
            f"the draft model knows {draft.n_tokens} tokens, the model {target.n_tokens}:"
            " a draft model needs the same vocabulary"
        )
    step = max(1, target.n_tokens // _N_COMPARED)
    for token in map(TokenId, range(0, target.n_tokens, step)):
        if target.piece(token) != draft.piece(token):
            raise ModelUnavailableError(
                f"token {token} is {draft.piece(token)!r} to the draft model and"
                f" {target.piece(token)!r} to the model: a draft model needs the same vocabulary"
            )


@dataclass(slots=True, eq=False)
class DraftSequence:
    """One request's text in the draft model's memory.

    Attributes:
        seq_id: Held while the text has cells; taken away when others need it more.
        tokens: What the cells hold, from position 0 on.
    """

    sampler: Sampler
    seq_id: SeqId | None = None
    tokens: list[TokenId] = field(default_factory=list[TokenId])


class DraftModel:
    """A draft model whose one context all requests share by turns. Engine thread only.

    It computes only inside `guess`, never beside the model it guesses for. A text that it does not
    know is caught up with by one batch a call, so that no step waits for a whole prompt.

    Args:
        backend: The draft model; closed with this.
        target: The vocabulary of the model it guesses for.

    Raises:
        ModelUnavailableError: The vocabularies differ; the backend is closed then.
    """

    def __init__(
        self, backend: Backend, vocabulary: SizedVocabulary, target: SizedVocabulary
    ) -> None:
        try:
            check_same_vocabulary(target, vocabulary)
        except ModelUnavailableError:
            backend.close()
            raise
        self._backend = backend
        self._free = [SeqId(index) for index in range(backend.info.n_seq_max)]
        self._holders: OrderedDict[DraftSequence, SeqId] = OrderedDict()
        self._is_broken = False

    def open(self) -> DraftSequence:
        """Begin with a request; it holds no memory before its first guess."""
        return DraftSequence(self._backend.sampler(Sampling(), None))

    def release(self, sequence: DraftSequence) -> None:
        """Forget a request. Idempotent."""
        sequence.sampler.close()
        if not self._is_broken:
            self._evict(sequence)

    def guess(
        self, sequence: DraftSequence, tokens: Sequence[TokenId], n_max: int
    ) -> list[TokenId]:
        """What the draft model itself would go on with.

        Returns:
            At most `n_max` tokens, up to the end of its turn; none while it is catching up, and
            none when its memory has no room for the text.
        """
        n_max = min(n_max, self._backend.info.n_ctx_seq - len(tokens))
        if self._is_broken or n_max < 1 or not tokens:
            return []
        try:
            return self._guess(sequence, tokens, n_max)
        except DecodeError as exc:
            self._recover(exc)
            return []

    def close(self) -> None:
        """Free the draft model. Idempotent."""
        self._backend.close()

    def _guess(
        self, sequence: DraftSequence, tokens: Sequence[TokenId], n_max: int
    ) -> list[TokenId]:
        seq_id = self._take_turn(sequence)
        self._keep_common(sequence, tokens)
        n_held = len(sequence.tokens)
        missing = tokens[n_held : n_held + self._backend.info.n_batch]
        row = self._decode(sequence, seq_id, missing)
        guess: list[TokenId] = []
        while row is not None and len(sequence.tokens) >= len(tokens):
            token = sequence.sampler.sample(row)
            if self._backend.vocabulary.is_end(token):
                break
            guess.append(token)
            if len(guess) == n_max:
                break
            row = self._decode(sequence, seq_id, [token])
        return guess

    def _keep_common(self, sequence: DraftSequence, tokens: Sequence[TokenId]) -> None:
        """Drop what memory holds beyond the text; its last token is always computed anew."""
        held = sequence.tokens
        most = min(len(held), len(tokens) - 1)
        n_common = next((i for i in range(most) if held[i] != tokens[i]), most)
        if n_common < len(held) and sequence.seq_id is not None:
            self._backend.truncate(sequence.seq_id, n_common)
            del held[n_common:]

    def _decode(
        self, sequence: DraftSequence, seq_id: SeqId, tokens: Sequence[TokenId]
    ) -> int | None:
        """Add tokens to memory, others' cells giving way; the last row, or None without room."""
        chunk = Chunk(seq_id=seq_id, start=len(sequence.tokens), tokens=tokens, n_outputs=1)
        while (status := self._backend.decode([chunk])) is DecodeStatus.NO_ROOM:
            oldest = next(iter(self._holders))
            if oldest is sequence:
                return None
            self._evict(oldest)
        if status is not DecodeStatus.DONE:
            raise DecodeError(2, is_memory_intact=False)
        sequence.tokens.extend(tokens)
        return len(tokens) - 1

    def _take_turn(self, sequence: DraftSequence) -> SeqId:
        """Make a sequence the newest holder of an id."""
        if sequence.seq_id is None:
            if not self._free:
                self._evict(next(iter(self._holders)))
            sequence.seq_id = self._free.pop()
            self._holders[sequence] = sequence.seq_id
        self._holders.move_to_end(sequence)
        return sequence.seq_id

    def _evict(self, sequence: DraftSequence) -> None:
        seq_id, sequence.seq_id = sequence.seq_id, None
        sequence.tokens.clear()
        if seq_id is not None:
            self._backend.truncate(seq_id, 0)
            del self._holders[sequence]
            self._free.append(seq_id)

    def _recover(self, error: DecodeError) -> None:
        """After a failed step nothing in memory is relied on; without memory, no guesses."""
        for sequence in tuple(self._holders):
            self._evict(sequence)
        if error.is_memory_intact:
            return
        try:
            self._backend.reset()
        except ModelUnavailableError:
            self._is_broken = True
