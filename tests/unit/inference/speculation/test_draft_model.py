from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.backends.fake import FakeBackend, FakeVocabulary
from inference.errors import ModelUnavailableError
from inference.request import SeqId, TokenId
from inference.speculation.draft_model import DraftModel, check_same_vocabulary


class SizedVocabulary(FakeVocabulary):
    def __init__(self, n_tokens: int = 258, shift: int = 0) -> None:
        self.n_tokens = n_tokens
        self._shift = shift

    def piece(self, token: TokenId) -> bytes:
        return super().piece(TokenId(token + self._shift))


SAME = SizedVocabulary()
TOKENS = st.lists(st.integers(0, 3).map(TokenId), min_size=1, max_size=30)


def words(text: str) -> list[TokenId]:
    return SAME.tokenize(text, parse_special=False)


def greedy(backend: FakeBackend, tokens: list[TokenId], n: int) -> list[TokenId]:
    """What a model without memory would say, up to the end of its turn."""
    said: list[TokenId] = []
    for _ in range(n):
        token = backend.reply((*tokens, *said))
        if SAME.is_end(token):
            break
        said.append(token)
    return said


def test_the_guess_is_what_the_draft_model_would_say() -> None:
    backend = FakeBackend()
    model = DraftModel(backend, SAME, SAME)
    sequence, tokens = model.open(), words("pool dry")
    assert model.guess(sequence, tokens, 5) == greedy(backend, tokens, 5)
    model.release(sequence)
    assert (backend.n_cells_used, backend.n_samplers) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 2), TOKENS), min_size=1, max_size=12))
def test_taking_turns_never_changes_a_guess(turns: list[tuple[int, list[TokenId]]]) -> None:
    backend = FakeBackend(n_ctx=64, n_batch=64, n_seq_max=2)
    model = DraftModel(backend, SAME, SAME)
    sequences = [model.open() for _ in range(3)]
    for index, tokens in turns:
        assert model.guess(sequences[index], tokens, 3) == greedy(backend, tokens, 3)
        seq_id = sequences[index].seq_id
        assert seq_id is not None
        assert list(backend.held(seq_id)) == sequences[index].tokens
    for sequence in sequences:
        model.release(sequence)
        model.release(sequence)
    assert (backend.n_cells_used, backend.n_samplers) == (0, 0)


def test_an_agreed_guess_is_not_computed_again() -> None:
    backend = FakeBackend(n_batch=64, reply=lambda cells: TokenId(len(cells)))
    model = DraftModel(backend, SAME, SAME)
    sequence, tokens = model.open(), words("pool dry")
    guess = model.guess(sequence, tokens, 4)
    n_before = backend.n_decoded
    model.guess(sequence, [*tokens, *guess], 1)
    assert backend.n_decoded - n_before == 1


def test_a_long_text_is_caught_up_with_over_several_calls() -> None:
    backend = FakeBackend(n_batch=16, reply=lambda cells: TokenId(7))
    model = DraftModel(backend, SAME, SAME)
    sequence, tokens = model.open(), words("x" * 40)
    guesses = [model.guess(sequence, tokens, 2) for _ in range(3)]
    assert guesses == [[], [], [TokenId(7)] * 2]


def test_a_text_beyond_the_draft_models_context_is_not_guessed() -> None:
    backend = FakeBackend(n_ctx=32, n_batch=32)
    model = DraftModel(backend, SAME, SAME)
    assert model.guess(model.open(), words("x" * 32), 4) == []
    assert backend.n_decoded == 0


@pytest.mark.parametrize("code", [-1, 2, -3])
def test_a_failed_step_costs_only_the_guess(code: int) -> None:
    backend = FakeBackend()
    model = DraftModel(backend, SAME, SAME)
    sequence, tokens = model.open(), words("pool dry")
    backend.codes.append(code)
    assert model.guess(sequence, tokens, 3) == []
    assert backend.n_cells_used == 0
    assert model.guess(sequence, tokens, 3) == greedy(backend, tokens, 3)


def test_a_draft_model_that_cannot_be_rebuilt_falls_silent() -> None:
    backend = FakeBackend(reset_failure=ModelUnavailableError("no memory"))
    model = DraftModel(backend, SAME, SAME)
    sequence = model.open()
    backend.codes.append(2)
    assert model.guess(sequence, words("pool"), 3) == []
    assert model.guess(sequence, words("pool"), 3) == []
    model.release(sequence)
    assert backend.n_samplers == 0


def test_without_room_for_itself_it_falls_silent() -> None:
    backend = FakeBackend()
    model = DraftModel(backend, SAME, SAME)
    backend.codes.extend([1, 1])
    assert model.guess(model.open(), words("pool"), 3) == []
    assert backend.n_tokens(SeqId(0)) == 0


@pytest.mark.parametrize("other", [SizedVocabulary(300), SizedVocabulary(shift=1)])
def test_another_vocabulary_is_refused_and_the_model_closed(other: SizedVocabulary) -> None:
    backend = FakeBackend()
    with pytest.raises(ModelUnavailableError, match="needs the same vocabulary"):
        DraftModel(backend, other, SAME)
    assert backend.is_closed
    check_same_vocabulary(SAME, SizedVocabulary())
