"""A restored state is as good as the one that was saved, on a real model.

Compared are logits that were computed in batches of the same shape and in the same cells: other
shapes change the order of floating point sums.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import ChatMessage, Engine, GenerateRequest, Role, Started, TextDelta
from inference.backends.base import Chunk, DecodeStatus
from inference.backends.llama_cpp import LlamaBackend
from inference.backends.options import KvType, LlamaOptions
from inference.parts import EngineParts
from inference.persistence import StateFiles, StateKind, keeper_opener
from inference.request import Sampling, SeqId, TokenId

pytestmark = pytest.mark.model

MAX_BYTES = 1 << 30
FLUSH_S = 30.0
TOLERANCE = 0.02
OPTIONS = LlamaOptions(n_ctx=1024, n_batch=128, n_seq_max=8, n_threads=1, model_hash="verified")
A = SeqId(0)
RULES = "You help on-call engineers. Quote log lines exactly and name the service. " * 5
QUESTION = " Which service ran out of connections, and why?"


@contextmanager
def loaded(path: Path, options: LlamaOptions = OPTIONS) -> Generator[LlamaBackend]:
    backend = LlamaBackend(path, options)
    try:
        yield backend
    finally:
        backend.close()


@contextmanager
def opened(folder: Path, backend: LlamaBackend) -> Generator[StateFiles]:
    files = StateFiles.open(folder, backend.info.identity, max_bytes=MAX_BYTES)
    try:
        yield files
    finally:
        assert files.close(FLUSH_S)


def words(backend: LlamaBackend, text: str) -> list[TokenId]:
    return backend.vocabulary.tokenize(text, parse_special=False)


def feed(backend: LlamaBackend, tokens: list[TokenId], start: int) -> NDArray[np.float32]:
    """Decode tokens[start:] of sequence A in one chunk; the logits after the last one."""
    part = tokens[start:]
    for at in range(0, len(part), 128):
        chunk = Chunk(seq_id=A, start=start + at, tokens=part[at : at + 128], n_outputs=1)
        assert backend.decode([chunk]) is DecodeStatus.DONE
    return backend.logits((len(part) - 1) % 128).copy()


def continued(backend: LlamaBackend, prefix: list[TokenId]) -> tuple[NDArray[np.float32], str]:
    """Logits after a question behind the prefix, and the greedy answer's beginning."""
    tokens = prefix + words(backend, QUESTION)
    logits = feed(backend, tokens, len(prefix))
    answer: list[TokenId] = []
    sampler = backend.sampler(Sampling(), None)
    row = len(tokens) - len(prefix) - 1
    for _ in range(12):
        answer.append(sampler.sample(row))
        feed(backend, tokens + answer, len(tokens) + len(answer) - 1)
        row = 0
    sampler.close()
    pieces = b"".join(backend.vocabulary.piece(token) for token in answer)
    return logits, pieces.decode(errors="replace")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states") / "saved"


@pytest.fixture(scope="module")
def expected(smollm2: Path, folder: Path) -> tuple[dict[int, NDArray[np.float32]], dict[int, str]]:
    """What follows the whole prefix and a part of it; the whole prefix is saved."""
    logits: dict[int, NDArray[np.float32]] = {}
    texts: dict[int, str] = {}
    with loaded(smollm2) as backend, opened(folder, backend) as files:
        prefix = words(backend, RULES)
        feed(backend, prefix, 0)
        files.save(prefix, backend.read_state(A), StateKind.PINNED)
        for n_tokens in (len(prefix), len(prefix) // 2):
            backend.truncate(A, n_tokens)
            logits[n_tokens], texts[n_tokens] = continued(backend, prefix[:n_tokens])
    return logits, texts


@pytest.fixture(scope="module")
def restarted(smollm2: Path, expected: object) -> Iterator[LlamaBackend]:
    """A backend that never saw the prefix."""
    with loaded(smollm2) as backend:
        yield backend


def restore(files: StateFiles, backend: LlamaBackend, prompt: list[TokenId]) -> int:
    """Bring sequence A back for a prompt, cut to what the prompt begins with."""
    ref = files.match(prompt)
    assert ref is not None
    state = files.load(ref)
    assert state is not None
    backend.truncate(A, 0)
    assert backend.write_state(A, state.payload)
    assert backend.n_tokens(A) == ref.n_tokens == len(state.tokens)
    backend.truncate(A, ref.n_common)
    return ref.n_common


@pytest.mark.parametrize("share", [1, 2])
def test_a_restored_state_continues_like_the_saved_one_whole_or_cut(
    restarted: LlamaBackend,
    expected: tuple[dict[int, NDArray[np.float32]], dict[int, str]],
    folder: Path,
    share: int,
) -> None:
    prefix = words(restarted, RULES)
    prefix = prefix[: len(prefix) // share]
    with opened(folder, restarted) as files:
        n_common = restore(files, restarted, prefix + words(restarted, QUESTION))
    assert n_common == len(prefix)
    logits, text = continued(restarted, prefix)
    assert np.max(np.abs(logits - expected[0][n_common])) < TOLERANCE
    assert text == expected[1][n_common]


def test_a_damaged_state_never_reaches_native_code(
    restarted: LlamaBackend, expected: object, tmp_path: Path
) -> None:
    restarted.truncate(A, 0)
    prefix = words(restarted, RULES)
    feed(restarted, prefix, 0)
    with opened(tmp_path, restarted) as files:
        files.save(prefix, restarted.read_state(A), StateKind.PINNED)
        assert files.flush(FLUSH_S)
        (path,) = tmp_path.glob("*.kvstate")
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 1]))
        ref = files.match([*prefix, TokenId(5)])
        assert ref is not None
        assert files.load(ref) is None
        assert files.counts.n_corrupt == 1


def test_other_kv_types_do_not_see_the_state(smollm2: Path, expected: object, folder: Path) -> None:
    options = replace(OPTIONS, kv_type_k=KvType.Q8_0)
    with loaded(smollm2, options) as backend, opened(folder, backend) as files:
        assert files.match(words(backend, RULES + QUESTION)) is None
        assert files.counts.n_bytes > 0


def has_state(folder: Path) -> bool:
    """Wait until a state is saved; returns whether one is."""
    until = time.monotonic() + FLUSH_S
    while not (found := any(folder.glob("*.kvstate"))) and time.monotonic() < until:
        time.sleep(0.02)
    return found


async def answered(path: Path, folder: Path) -> tuple[str, Started]:
    """A new engine's answer; it is stopped when its skill's prompt is saved."""
    engine = Engine(
        load_generator=lambda: LlamaBackend(path, OPTIONS),
        load_encoder=None,
        parts=EngineParts(open_states=keeper_opener(folder, max_bytes=MAX_BYTES)),
    )
    request = GenerateRequest(
        request_id="only",
        messages=(ChatMessage(Role.SYSTEM, RULES), ChatMessage(Role.USER, QUESTION)),
        max_tokens=8,
        pin_prefix=1,
    )
    await engine.start()
    try:
        await engine.ready()
        events = [event async for event in engine.stream(request)]
        assert await asyncio.to_thread(has_state, folder)
    finally:
        await engine.stop()
    (started,) = (event for event in events if isinstance(event, Started))
    return "".join(event.text for event in events if isinstance(event, TextDelta)), started


async def test_an_engine_does_not_prefill_after_a_restart_what_it_knew_before(
    smollm2: Path, tmp_path: Path
) -> None:
    first_text, first = await answered(smollm2, tmp_path / "kv")
    text, started = await answered(smollm2, tmp_path / "kv")
    assert (first.n_cached, text) == (0, first_text)
    assert started.n_cached > 0.8 * started.n_prompt
