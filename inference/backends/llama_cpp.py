"""The `Backend` protocol on llama.cpp's C API. Only this file and `llama_native` import llama_cpp."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as _bindings
import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError, GrammarError, ModelUnavailableError
from ..request import Sampling, SeqId, TokenId
from .base import Chunk, DecodeStatus, ModelInfo
from .llama_native import Context, Model, library_build, new_batch
from .llama_params import context_settings
from .llama_sampler import LlamaSampler
from .options import LlamaOptions

_c: Any = _bindings

_PENALTY_WINDOW = 64
_STATUS_OF_CODE = {0: DecodeStatus.DONE, 1: DecodeStatus.NO_ROOM, 2: DecodeStatus.ABORTED}


class LlamaVocabulary:
    """A model's tokens; usable from any thread while the model is loaded."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._vocab: Any = _c.llama_model_get_vocab(model.pointer)

    def tokenize(self, text: str, *, parse_special: bool) -> list[TokenId]:
        """Tokenize exactly this text."""
        return self._tokenize(text, add_special=False, parse_special=parse_special)

    def tokenize_input(self, text: str) -> list[TokenId]:
        """Tokenize plain text for an encoder, with the special tokens it was trained with."""
        return self._tokenize(text, add_special=True, parse_special=False)

    def piece(self, token: TokenId) -> bytes:
        """The token's bytes."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            n = int(_c.llama_token_to_piece(self._vocab, token, buffer, size, 0, False))
            if n >= 0:
                return buffer.raw[:n]
            size = -n

    def is_end(self, token: TokenId) -> bool:
        """Whether the model marks this token as the end of a generation."""
        return bool(_c.llama_vocab_is_eog(self._vocab, token))

    @property
    def bos(self) -> TokenId | None:
        """The token every prompt must begin with, if the model wants one."""
        wants = bool(_c.llama_vocab_get_add_bos(self._vocab))
        return TokenId(int(_c.llama_vocab_bos(self._vocab))) if wants else None

    @property
    def n_tokens(self) -> int:
        """Size of the vocabulary."""
        return int(_c.llama_vocab_n_tokens(self._vocab))

    @property
    def bos_and_eos_text(self) -> tuple[str, str]:
        """How the tokens that begin and end a sequence are spelt; empty for those missing."""
        bos, eos = _c.llama_vocab_bos(self._vocab), _c.llama_vocab_eos(self._vocab)
        return self._spelling(int(bos)), self._spelling(int(eos))

    def grammar(self, grammar: str) -> NativeSampler:
        """Make a sampler that forbids what a grammar does not allow.

        Raises:
            GrammarError: The grammar is invalid.
        """
        pointer: Any = None
        try:
            text = grammar.encode()
        except UnicodeEncodeError as exc:
            raise GrammarError("the grammar has half of a surrogate pair") from exc
        if grammar.strip() and "\0" not in grammar:
            pointer = _c.llama_sampler_init_grammar(self._vocab, text, b"root")
        if not pointer:
            raise GrammarError("the grammar is not valid GBNF with a rule named root")
        return NativeSampler(pointer)

    def _spelling(self, token: int) -> str:
        text: bytes | None = _c.llama_vocab_get_text(self._vocab, token) if token >= 0 else None
        return text.decode(errors="replace") if text else ""

    def _tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[TokenId]:
        data = text.encode(errors="replace")
        size = len(data) + 8
        with self._model.kept_open():
            while True:
                buffer = (ctypes.c_int32 * size)()
                where = data, len(data), buffer, size
                n = int(_c.llama_tokenize(self._vocab, *where, add_special, parse_special))
                if n >= 0:
                    return [TokenId(token) for token in buffer[:n]]
                size = -n


class LlamaBackend:
    """A generating model with a KV cache that all its sequences share.

    Args:
        path: A GGUF file.

    Raises:
        ModelUnavailableError: The file cannot be loaded as a generating model.
    """

    def __init__(self, path: Path, options: LlamaOptions | None = None) -> None:
        options = options or LlamaOptions()
        self._model = Model(path, options)
        self._model.check_memory(options)
        self._context = Context(self._model, options.threads, context_settings(options))
        if not self._context.has_memory:
            self.close()
            raise ModelUnavailableError(f"{path.name} is an embedding model, it cannot write text")
        self._vocabulary = LlamaVocabulary(self._model)
        self._batch = new_batch(options.n_batch)
        self._info = self._read_info(options)

    @property
    def info(self) -> ModelInfo:
        """What was loaded."""
        return self._info

    @property
    def vocabulary(self) -> LlamaVocabulary:
        """The model's tokens."""
        return self._vocabulary

    def decode(
        self, chunks: Sequence[Chunk], *, should_abort: Callable[[], bool] | None = None
    ) -> DecodeStatus:
        """Process a batch; see `Backend.decode`."""
        self._batch.clear()
        for chunk in chunks:
            self._batch.add(chunk)
        with self._context.abortable(should_abort):
            code = int(_c.llama_decode(self._context.pointer, self._batch.struct))
        if code in _STATUS_OF_CODE:
            return _STATUS_OF_CODE[code]
        raise DecodeError(code, is_memory_intact=code == -1)

    def sampler(self, sampling: Sampling, grammar: str | None) -> LlamaSampler:
        """Make a sampler; see `Backend.sampler`."""
        n_vocab = self._vocabulary.n_tokens
        constraint = self._vocabulary.grammar(grammar) if grammar is not None else None
        chain = sampler_chain(n_vocab, sampling)
        is_greedy = sampling.temperature == 0 and sampling.repeat_penalty == 1.0
        return LlamaSampler(self.logits, chain, constraint, n_vocab, is_greedy=is_greedy)

    def logits(self, row: int) -> NDArray[np.float32]:
        """The logits of a row of the last batch, shape (n_vocab,); valid until the next decode."""
        pointer: Any = _c.llama_get_logits_ith(self._context.pointer, row)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary.n_tokens,))

    def share(self, source: SeqId, target: SeqId, *, start: int, stop: int) -> None:
        """Share cells; with a unified cache no data is copied."""
        _c.llama_memory_seq_rm(self._memory, target, start, stop)
        _c.llama_memory_seq_cp(self._memory, source, target, start, stop)

    def read_state(self, seq_id: SeqId) -> bytes:
        """Serialise a sequence; see `Backend.read_state`."""
        size = int(_c.llama_state_seq_get_size(self._context.pointer, seq_id))
        buffer = (ctypes.c_uint8 * size)()
        n = int(_c.llama_state_seq_get_data(self._context.pointer, buffer, size, seq_id))
        return bytes(memoryview(buffer)[:n])

    def write_state(self, seq_id: SeqId, state: bytes) -> bool:
        """Restore a sequence; see `Backend.write_state`."""
        data = ctypes.cast(ctypes.c_char_p(state), ctypes.POINTER(ctypes.c_uint8))
        n = int(_c.llama_state_seq_set_data(self._context.pointer, data, len(state), seq_id))
        if n == 0:
            self.truncate(seq_id, 0)
        return n > 0

    def set_threads(self, n_threads: int) -> None:
        """Use so many threads from the next step on."""
        self._context.set_threads(n_threads)

    def truncate(self, seq_id: SeqId, n_tokens: int) -> None:
        """Drop cells from position `n_tokens` on."""
        _c.llama_memory_seq_rm(self._memory, seq_id, n_tokens, -1)

    def n_tokens(self, seq_id: SeqId) -> int:
        """How many tokens a sequence holds."""
        return int(_c.llama_memory_seq_pos_max(self._memory, seq_id)) + 1

    def reset(self) -> None:
        """Build the context anew."""
        self._context.rebuild()

    def close(self) -> None:
        """Free the context, then the model."""
        self._context.close()
        self._model.close()

    @property
    def _memory(self) -> Any:  # noqa: ANN401 - a ctypes pointer
        return _c.llama_get_memory(self._context.pointer)

    def _identity(self, options: LlamaOptions) -> str:
        """See `ModelInfo.identity`; empty when the file's hash is not known."""
        if not options.model_hash:
            return ""
        facts = (options.model_hash, library_build(), self._context.state_settings())
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def _read_info(self, options: LlamaOptions) -> ModelInfo:
        model, context = self._model.pointer, self._context.pointer
        template: bytes | None = _c.llama_model_chat_template(model, None)
        is_recurrent = _c.llama_model_is_recurrent(model) or _c.llama_model_is_hybrid(model)
        n_ctx = int(_c.llama_n_ctx(context))
        bos_text, eos_text = self._vocabulary.bos_and_eos_text
        return ModelInfo(
            description=self._model.path.stem,
            n_ctx=n_ctx,
            n_ctx_seq=min(n_ctx, self._model.n_ctx_train),
            n_batch=options.n_batch,
            n_seq_max=options.n_seq_max,
            can_share_prefixes=not is_recurrent,
            n_threads=options.threads,
            identity=self._identity(options),
            chat_template=template.decode(errors="replace") if template else None,
            bos=self._vocabulary.bos,
            bos_text=bos_text,
            eos_text=eos_text,
        )


class NativeSampler:
    """Owns one sampler of llama.cpp, or a chain of them."""

    def __init__(self, pointer: Any) -> None:  # noqa: ANN401 - a ctypes pointer
        self._pointer = pointer

    def apply(self, candidates: NDArray[np.void]) -> int:
        """Change the candidates' logits and select one of them.

        Args:
            candidates: Array of `CANDIDATE`, changed in place; their order may change too.

        Returns:
            Index of the selected one; meaningless for samplers that do not select.
        """
        data = candidates.ctypes.data_as(_c.llama_token_data_p)
        array = _c.llama_token_data_array(data=data, size=len(candidates), selected=-1)
        _c.llama_sampler_apply(self._pointer, ctypes.byref(array))
        return int(array.selected)

    def accept(self, token: TokenId) -> None:
        """Tell the sampler which token was chosen."""
        _c.llama_sampler_accept(self._pointer, token)

    def close(self) -> None:
        """Free it. Idempotent."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            _c.llama_sampler_free(pointer)


def sampler_chain(n_vocab: int, sampling: Sampling) -> NativeSampler:
    """llama.cpp's samplers in the order in which it applies them by default."""
    links: list[Any] = []
    if sampling.repeat_penalty != 1.0:
        penalty = sampling.repeat_penalty
        links.append(_c.llama_sampler_init_penalties(n_vocab, _PENALTY_WINDOW, penalty, 0.0, 0.0))
    if sampling.temperature == 0:
        links.append(_c.llama_sampler_init_greedy())
    else:
        links += [
            _c.llama_sampler_init_top_k(sampling.top_k),
            _c.llama_sampler_init_top_p(sampling.top_p, 1),
            _c.llama_sampler_init_min_p(sampling.min_p, 1),
            _c.llama_sampler_init_temp(sampling.temperature),
            _c.llama_sampler_init_dist(sampling.seed),
        ]
    chain: Any = _c.llama_sampler_chain_init(_c.llama_sampler_chain_default_params())
    for link in links:
        _c.llama_sampler_chain_add(chain, link)
    return NativeSampler(chain)
