"""An embedding model on llama.cpp."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from ..errors import ModelUnavailableError
from ..request import SeqId, TokenId
from .base import Chunk
from .llama_cpp import LlamaVocabulary
from .llama_native import Context, Model, new_batch
from .options import LlamaOptions

_N_SEQ_MAX = 16
_N_BATCH = 512
"""Every token of a batch is compared with all others, also those of other inputs: with 1024 tokens
an eighth fewer inputs are embedded in the same time."""

_POOLING_MEAN = 1


class LlamaEncoder:
    """A BERT-like encoder: pooled, L2-normalised vectors.

    Attributes:
        n_threads: Most threads.

    Args:
        path: A GGUF file.

    Raises:
        ModelUnavailableError: The file cannot be loaded as an encoder.
    """

    def __init__(self, path: Path, options: LlamaOptions | None = None) -> None:
        options = options or LlamaOptions()
        self._model = Model(path, options)
        self._n_ctx = self._model.n_ctx_train
        # NOTE: an encoder attends to its whole input at once, so n_ubatch must hold every batch.
        self._n_batch = max(_N_BATCH, self._n_ctx)
        settings = {
            "n_ctx": self._n_batch,
            "n_batch": self._n_batch,
            "n_ubatch": self._n_batch,
            "n_seq_max": _N_SEQ_MAX,
            "embeddings": True,
            "kv_unified": True,
        }
        architecture = self._model.metadata("general.architecture")
        if not self._model.metadata(f"{architecture}.pooling_type"):
            settings["pooling_type"] = _POOLING_MEAN
        self.n_threads = options.threads
        self._context = Context(self._model, self.n_threads, settings)
        if self._context.has_memory:
            self.close()
            raise ModelUnavailableError(f"{path.name} is not an embedding model")
        self._vocabulary = LlamaVocabulary(self._model)
        self._batch = new_batch(self._n_batch)
        self._name = f"{path.stem}-{_content_hash(path)[:12]}"

    @property
    def name(self) -> str:
        """File name and content hash."""
        return self._name

    @property
    def n_dimensions(self) -> int:
        """Length of a vector."""
        return self._model.n_embd

    @property
    def n_ctx(self) -> int:
        """The context the encoder was trained with; it aborts on longer inputs."""
        return self._n_ctx

    @property
    def n_batch(self) -> int:
        """Most tokens in one call."""
        return self._n_batch

    @property
    def n_seq_max(self) -> int:
        """Most inputs in one call."""
        return _N_SEQ_MAX

    def tokenize(self, text: str) -> list[TokenId]:
        """Tokenize; what is too long loses its end but keeps its final special token."""
        tokens = self._vocabulary.tokenize_input(text)
        if len(tokens) <= self._n_ctx:
            return tokens
        structlog.get_logger().debug(
            "embedding_input_truncated", n_tokens=len(tokens), n_ctx=self._n_ctx
        )
        return [*tokens[: self._n_ctx - 1], tokens[-1]]

    def embed(self, batch: Sequence[Sequence[TokenId]]) -> NDArray[np.float32]:
        """Embed a batch; see `EncoderBackend.embed`."""
        self._batch.clear()
        for index, tokens in enumerate(batch):
            self._batch.add(
                Chunk(seq_id=SeqId(index), start=0, tokens=tokens, n_outputs=1),
                is_pooled=True,
            )
        self._context.encode(self._batch)
        rows = np.stack([self._context.pooled(SeqId(index)) for index in range(len(batch))])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def set_threads(self, n_threads: int) -> None:
        """Use so many threads from the next batch on."""
        self._context.set_threads(n_threads)

    def close(self) -> None:
        """Free the context, then the model."""
        self._context.close()
        self._model.close()


def _content_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
