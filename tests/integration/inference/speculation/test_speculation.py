"""Guessing ahead on small real models: the same answers in fewer steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import structlog
from llama_cpp.llama_grammar import json_schema_to_gbnf
from numpy.typing import NDArray

from bot.skills.logs.quotable import grammar_of
from inference import ModelUnavailableError, Sampling
from inference.backends.base import Chunk, DecodeStatus
from inference.backends.llama_cpp import LlamaBackend
from inference.backends.options import LlamaOptions
from inference.request import SeqId, TokenId
from inference.speculation import (
    Drafter,
    DraftModel,
    Speculation,
    SpeculationOptions,
    verified,
)
from inference.speculation.grammar import Automaton, parse_gbnf
from inference.step_costs import RowCosts

pytestmark = pytest.mark.model

OPTIONS = LlamaOptions(n_ctx=2048, n_batch=128, n_seq_max=2, n_threads=1)
TARGET = SeqId(0)
NEAR_TIE = 0.5
"""Batches of another shape shift logits by up to this much; closer rivals may change places."""
CHEAP_ROWS = RowCosts(seconds={1: 1.0, 64: 2.0})
LOG = """09:12:03 checkout ERROR db: could not get a connection within 3000 ms (pool exhausted)
09:12:05 payments INFO retry: attempt 3 of 5 for order 991827, backoff 800 ms
09:12:09 payments ERROR kafka: broker kafka-2:9092 not reachable, connection refused"""
QUOTE = f"Repeat this log word by word:\n{LOG}"
FREE = "What is a connection pool, and when does it run dry?"
FINDINGS = json_schema_to_gbnf(
    json.dumps(
        {
            "type": "object",
            "properties": {
                "severity": {"enum": ["low", "high"]},
                "findings": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 3,
                    "items": {
                        "type": "object",
                        "properties": {
                            "component": {"type": "string", "maxLength": 12},
                            "minute": {"type": "integer"},
                        },
                        "required": ["component", "minute"],
                    },
                },
            },
            "required": ["severity", "findings"],
        }
    )
)


@dataclass(frozen=True)
class Asked:
    prompt: tuple[TokenId, ...]
    grammar: str | None = None


@dataclass
class Answer:
    tokens: list[TokenId] = field(default_factory=list[TokenId])
    logits: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    n_steps: int = 0
    n_drafted: int = 0
    n_accepted: int = 0


@pytest.fixture(scope="module")
def backend(smollm2: Path) -> Iterator[LlamaBackend]:
    loaded = LlamaBackend(smollm2, OPTIONS)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def coder(qwen_small: Path) -> Iterator[LlamaBackend]:
    loaded = LlamaBackend(qwen_small, OPTIONS)
    yield loaded
    loaded.close()


def ask(backend: LlamaBackend, question: str, grammar: str | None = None) -> Asked:
    text = f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    return Asked(tuple(backend.vocabulary.tokenize(text, parse_special=True)), grammar)


def step(backend: LlamaBackend, start: int, tokens: list[TokenId], n_outputs: int) -> None:
    chunk = Chunk(seq_id=TARGET, start=start, tokens=tokens, n_outputs=n_outputs)
    assert backend.decode([chunk]) is DecodeStatus.DONE


def answer(backend: LlamaBackend, asked: Asked, drafter: Drafter | None, n: int) -> Answer:
    """An answer as the engine makes it: each step verifies a draft with the newest token."""
    backend.truncate(TARGET, 0)
    tokens = list(asked.prompt)
    for start in range(0, len(tokens) - 1, OPTIONS.n_batch):
        step(backend, start, tokens[start : min(start + OPTIONS.n_batch, len(tokens) - 1)], 0)
    sampler = backend.sampler(Sampling(), asked.grammar)
    made = Answer()
    is_ended = False
    while len(made.tokens) < n and not is_ended:
        n_left = n - len(made.tokens)
        draft = drafter.propose(tokens, n_left - 1) if drafter is not None else []
        step(backend, len(tokens) - 1, [tokens[-1], *draft], 1 + len(draft))
        new: list[TokenId] = []
        for row, token in enumerate(verified(sampler.sample, draft)):
            made.logits.append(backend.logits(row).copy())
            is_ended = backend.vocabulary.is_end(token)
            if is_ended:
                break
            new.append(token)
        n_right = sum(token == guess for token, guess in zip(new, draft, strict=False))
        if drafter is not None and draft:
            drafter.learn(len(draft), n_right)
        tokens += new
        made.tokens += new
        made.n_steps += 1
        made.n_drafted += len(draft)
        made.n_accepted += n_right
        backend.truncate(TARGET, len(tokens) - 1)
    sampler.close()
    return made


def assert_same(guessed: Answer, plain: Answer) -> None:
    """Equal tokens, or different ones from a place on where two were all but equally likely."""
    pairs = enumerate(zip(guessed.tokens, plain.tokens, strict=False))
    place = next((i for i, (one, other) in pairs if one != other), None)
    if place is None:
        assert len(guessed.tokens) == len(plain.tokens)
        return
    logits = plain.logits[place]
    gap = float(logits[plain.tokens[place]] - logits[guessed.tokens[place]])
    structlog.get_logger().warning("near_tie_decided_differently", place=place, gap=gap)
    assert abs(gap) < NEAR_TIE


def options(**ways: bool) -> SpeculationOptions:
    off = {"forced": False, "prompt_lookup": False, "draft_model": False}
    return SpeculationOptions(row_costs=CHEAP_ROWS, draft_token_cost=0.02, **{**off, **ways})


def test_several_rows_of_one_sequence_have_the_logits_of_single_ones(
    backend: LlamaBackend,
) -> None:
    tokens = list(ask(backend, FREE).prompt)[:16]
    backend.truncate(TARGET, 0)
    step(backend, 0, tokens, len(tokens))
    together = [backend.logits(row).copy() for row in range(len(tokens))]
    backend.truncate(TARGET, 0)
    for place, token in enumerate(tokens):
        step(backend, place, [token], 1)
        assert np.max(np.abs(backend.logits(0) - together[place])) < NEAR_TIE


def test_every_row_of_a_full_batch_may_be_an_output(backend: LlamaBackend) -> None:
    tokens = [TokenId(100 + place) for place in range(OPTIONS.n_batch)]
    backend.truncate(TARGET, 0)
    step(backend, 0, tokens, len(tokens))
    assert np.isfinite(backend.logits(0)).all()
    assert np.isfinite(backend.logits(len(tokens) - 1)).all()


@pytest.mark.parametrize("question", [QUOTE, FREE, "Count from 1 to 30."])
def test_prompt_lookup_never_changes_an_answer(backend: LlamaBackend, question: str) -> None:
    asked = ask(backend, question)
    drafter = Speculation(options(prompt_lookup=True), backend.vocabulary).for_request(asked)
    guessed = answer(backend, asked, drafter, 64)
    assert_same(guessed, answer(backend, asked, None, 64))
    assert guessed.n_steps + guessed.n_accepted >= len(guessed.tokens)


def test_a_quotation_takes_fewer_steps_than_tokens(backend: LlamaBackend) -> None:
    asked = ask(backend, QUOTE)
    drafter = Speculation(options(prompt_lookup=True), backend.vocabulary).for_request(asked)
    guessed = answer(backend, asked, drafter, 64)
    assert guessed.n_accepted > len(guessed.tokens) // 4


@pytest.mark.parametrize("grammar", [FINDINGS, grammar_of(LOG)])
def test_forced_text_never_changes_an_answer(backend: LlamaBackend, grammar: str) -> None:
    asked = ask(backend, f"What went wrong here?\n{LOG}", grammar)
    speculation = Speculation(options(forced=True), backend.vocabulary)
    first = answer(backend, asked, speculation.for_request(asked), 64)
    second = answer(backend, asked, speculation.for_request(asked), 64)
    plain = answer(backend, asked, None, 64)
    assert_same(first, plain)
    assert_same(second, plain)
    assert second.n_accepted > second.n_drafted * 0.8 > 0
    assert second.n_steps <= first.n_steps < len(first.tokens)


def test_json_of_a_schema_takes_fewer_steps_than_tokens(coder: LlamaBackend) -> None:
    asked = ask(coder, f"Summarise this log as JSON.\n{LOG}", FINDINGS)
    both = Speculation(options(forced=True, prompt_lookup=True), coder.vocabulary)
    guessed = answer(coder, asked, both.for_request(asked), 48)
    plain = answer(coder, asked, None, 48)
    assert_same(guessed, plain)
    assert guessed.n_steps < plain.n_steps * 0.8


def test_what_llama_cpp_wrote_under_a_grammar_is_followed_to_its_end(
    coder: LlamaBackend,
) -> None:
    asked = ask(coder, f"Summarise this log as JSON.\n{LOG}", FINDINGS)
    written = answer(coder, asked, None, 120)
    text = b"".join(map(coder.vocabulary.piece, written.tokens)).decode()
    automaton = Automaton(parse_gbnf(FINDINGS))
    state = automaton.start()
    for character in text:
        state = automaton.step(state, ord(character))
        assert not state.is_dead
    assert state.can_end
    assert json.loads(text)["severity"] in ("low", "high")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[a-z]{2,5}-[0-9]+$"},
        {"type": "array", "items": {"type": "number"}, "maxItems": 3},
        {"oneOf": [{"const": "é\n"}, {"type": "null"}, {"type": "boolean"}]},
        {"type": "string", "format": "date-time"},
        {"type": "object"},
        {"type": "integer", "minimum": 3, "maximum": 1200},
    ],
)
def test_schemas_become_grammars_that_are_understood(schema: dict[str, object]) -> None:
    grammar = json_schema_to_gbnf(json.dumps(schema))
    assert not Automaton(parse_gbnf(grammar)).start().is_dead


def test_a_draft_model_never_changes_an_answer(backend: LlamaBackend, smollm2: Path) -> None:
    other = LlamaBackend(smollm2, OPTIONS)
    model = DraftModel(other, other.vocabulary, backend.vocabulary)
    speculation = Speculation(options(draft_model=True), backend.vocabulary, model)
    for question in (FREE, "Name three databases."):
        asked = ask(backend, question)
        drafter = speculation.for_request(asked)
        assert drafter is not None
        guessed = answer(backend, asked, drafter, 32)
        drafter.close()
        plain = answer(backend, asked, None, 32)
        assert_same(guessed, plain)
        assert guessed.n_accepted > guessed.n_drafted * 0.8
        assert guessed.n_steps < plain.n_steps * 0.6
    speculation.close()


def test_a_draft_model_of_another_family_is_refused(
    backend: LlamaBackend, qwen_small: Path
) -> None:
    other = LlamaBackend(qwen_small, OPTIONS)
    with pytest.raises(ModelUnavailableError, match="same vocabulary"):
        DraftModel(other, other.vocabulary, backend.vocabulary)
