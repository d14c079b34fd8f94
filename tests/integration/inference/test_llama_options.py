"""Loading options on a small real model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import ModelUnavailableError
from inference.backends.base import Chunk, DecodeStatus
from inference.backends.devices import DeviceKind
from inference.backends.llama_cpp import LlamaBackend
from inference.backends.llama_native import native_inventory
from inference.backends.options import FlashAttention, KvType, LlamaOptions
from inference.request import SeqId

pytestmark = pytest.mark.model


def last_logits(path: Path, options: LlamaOptions) -> NDArray[np.float32]:
    backend = LlamaBackend(path, options)
    try:
        text = "The disk of the database server is full because the log files were not rotated."
        tokens = backend.vocabulary.tokenize(text, parse_special=False)
        chunk = Chunk(seq_id=SeqId(0), start=0, tokens=tokens, n_outputs=1)
        assert backend.decode([chunk]) is DecodeStatus.DONE
        return backend.logits(len(tokens) - 1).copy()
    finally:
        backend.close()


def test_kv_types_and_attention_change_logits_only_within_rounding(smollm2: Path) -> None:
    base = last_logits(smollm2, LlamaOptions(n_ctx=256, n_threads=1, n_seq_max=2))
    spread = float(base.max() - base.min())
    variants = (
        LlamaOptions(
            n_ctx=256, n_threads=1, n_seq_max=2, kv_type_k=KvType.Q8_0, kv_type_v=KvType.Q8_0
        ),
        LlamaOptions(n_ctx=256, n_threads=1, n_seq_max=2, flash_attention=FlashAttention.OFF),
        LlamaOptions(
            n_ctx=256, n_threads=1, n_seq_max=2, uses_mmap=False, n_ubatch=8, tensor_split=(1.0,)
        ),
    )
    for options in variants:
        logits = last_logits(smollm2, options)
        assert float(np.abs(logits - base).max()) < 0.05 * spread
        assert int(logits.argmax()) == int(base.argmax())


def test_the_kv_types_are_part_of_a_states_identity(smollm2: Path) -> None:
    identities = set[str]()
    for kv_type in KvType:
        options = LlamaOptions(
            n_ctx=256,
            n_threads=1,
            n_seq_max=2,
            kv_type_k=kv_type,
            kv_type_v=kv_type,
            model_hash="ab" * 32,
        )
        backend = LlamaBackend(smollm2, options)
        identities.add(backend.info.identity)
        backend.close()
    assert len(identities) == len(KvType)


def test_a_context_beyond_the_memory_is_refused_with_the_limit(smollm2: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"a context of 2000000000 tokens needs"):
        LlamaBackend(smollm2, LlamaOptions(n_ctx=2_000_000_000))


def test_the_processor_is_among_the_devices() -> None:
    (processor,) = [d for d in native_inventory().devices() if d.kind is DeviceKind.CPU]
    assert 0 < processor.free_bytes <= processor.total_bytes
