"""From the rows of a step to the tokens and the text of one answer."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field

from .backends.base import Backend
from .errors import GrammarError
from .request import Outcome, TokenId
from .sequence import Sequence
from .speculation.verify import verified


@dataclass(slots=True, kw_only=True)
class Taken:
    """What one step added to an answer.

    Attributes:
        text: Characters that are certain by now.
        n_accepted: Leading drafted tokens the model agreed with; their cells are valid.
        outcome: How the request ended with this step; None while it goes on.
        gaps_s: Seconds between each new token and the one before it.
    """

    text: str = ""
    n_accepted: int = 0
    outcome: Outcome | None = None
    gaps_s: list[float] = field(default_factory=list[float])


def continue_text(
    sequence: Sequence,
    draft: Tokens[TokenId],
    row: int,
    backend: Backend,
    clock: Callable[[], float],
) -> Taken:
    """Sample the token after `row`, and after each drafted token as long as the draft was right.

    Row `row` holds the sequence's last certain token and row + i the i-th drafted one. Every token
    is sampled from the model's own logits by the request's own sampler, so a draft changes how many
    steps an answer takes, never what it says.

    Raises:
        GrammarError: The grammar allows no token.
    """
    sampler = sequence.sampler
    if sampler is None:
        raise GrammarError("the sequence has no sampler")
    taken = Taken()
    for offset, token in enumerate(verified(lambda i: sampler.sample(row + i), draft)):
        gap = sequence.note_token(clock())
        if gap is not None:
            taken.gaps_s.append(gap)
        taken.outcome = _append(sequence, token, backend, taken)
        is_text = sequence.tokens[-1] == token
        taken.n_accepted += is_text and offset < len(draft) and token == draft[offset]
        if taken.outcome is not None:
            break
    sequence.n_drafted += len(draft)
    sequence.n_accepted += taken.n_accepted
    if draft and sequence.drafter is not None:
        sequence.drafter.learn(len(draft), taken.n_accepted)
    return taken


def _append(sequence: Sequence, token: TokenId, backend: Backend, taken: Taken) -> Outcome | None:
    vocabulary = backend.vocabulary
    if vocabulary.is_end(token):
        return Outcome.FINISHED
    sequence.tokens.append(token)
    sequence.n_output += 1
    taken.text += sequence.assembler.push(vocabulary.piece(token))
    if sequence.assembler.is_stopped:
        return Outcome.FINISHED
    is_full = len(sequence.tokens) >= backend.info.n_ctx_seq
    return Outcome.LENGTH if sequence.n_output >= sequence.max_tokens or is_full else None
