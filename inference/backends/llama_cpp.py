"""The two protocols on llama.cpp's C API. The only file that imports llama_cpp.

The library is typed as `Any` here: its bindings are ctypes objects whose stubs are incomplete.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.metadata
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as _bindings
import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError, GrammarError, ModelUnavailableError
from ..request import Sampling, SeqId, TokenId
from .base import Chunk, DecodeStatus, ModelInfo
from .devices import NativeInventory
from .free_memory import available_bytes
from .llama_params import check_memory, context_settings, set_model_params
from .llama_sampler import LlamaSampler
from .native_log import NativeLog
from .options import LlamaOptions
from .row_batch import RowBatch

_c: Any = _bindings

_PENALTY_WINDOW = 64
_STATUS_OF_CODE = {0: DecodeStatus.DONE, 1: DecodeStatus.NO_ROOM, 2: DecodeStatus.ABORTED}
_STATE_SETTINGS = (
    "type_k",
    "type_v",
    "flash_attn_type",
    "rope_scaling_type",
    "rope_freq_base",
    "rope_freq_scale",
    "yarn_ext_factor",
    "yarn_attn_factor",
    "yarn_beta_fast",
    "yarn_beta_slow",
    "yarn_orig_ctx",
)


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
        if grammar.strip() and "\0" not in grammar:
            pointer = _c.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
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
        return LlamaSampler(self.logits, chain, constraint, n_vocab)

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
        data = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        n = int(_c.llama_state_seq_set_data(self._context.pointer, data, len(state), seq_id))
        if n == 0:
            self.truncate(seq_id, 0)
        return n > 0

    def set_threads(self, n_threads: int) -> None:
        """Use so many threads from the next step on."""
        _c.llama_set_n_threads(self._context.pointer, n_threads, n_threads)

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


class Model:
    """Weights and vocabulary in native memory.

    Raises:
        ModelUnavailableError: The file cannot be loaded.
    """

    def __init__(self, path: Path, options: LlamaOptions) -> None:
        log = _native_log()
        if not path.is_file():
            raise ModelUnavailableError(f"the model file {path} does not exist")
        log.errors.clear()
        params: Any = _c.llama_model_default_params()
        set_model_params(params, options, int(_c.llama_max_devices()))
        self.path = path
        self._lock = threading.Lock()
        self.pointer: Any = _c.llama_model_load_from_file(str(path).encode(), params)
        if self.pointer is None:
            raise ModelUnavailableError(f"{path} cannot be loaded: {log.reason()}")

    @property
    def n_ctx_train(self) -> int:
        """Context the model was trained with, in tokens."""
        return int(_c.llama_model_n_ctx_train(self.pointer))

    @property
    def n_embd(self) -> int:
        """Width of the model, which is the length of its embeddings."""
        return int(_c.llama_model_n_embd(self.pointer))

    def check_memory(self, options: LlamaOptions) -> None:
        """Refuse, and close the model, if there is no room for its KV cache in main memory.

        Raises:
            ModelUnavailableError: There is none.
        """
        uses_gpu = options.n_gpu_layers != 0 and bool(_c.llama_supports_gpu_offload())
        if uses_gpu or not self._has_uniform_cells:
            return
        try:
            check_memory(options, self.n_values_per_cell, available_bytes())
        except ModelUnavailableError:
            self.close()
            raise

    @property
    def n_values_per_cell(self) -> int:
        """Numbers that the keys of one cell consist of; the values are as many."""
        n_head_kv, n_head = (
            _c.llama_model_n_head_kv(self.pointer),
            _c.llama_model_n_head(self.pointer),
        )
        architecture = self.metadata("general.architecture")
        length = self.metadata(f"{architecture}.attention.key_length")
        head_dim = int(length) if length else self.n_embd // max(1, int(n_head))
        return int(_c.llama_model_n_layer(self.pointer)) * int(n_head_kv) * head_dim

    @property
    def _has_uniform_cells(self) -> bool:
        """Whether every layer keeps every token; sliding windows and recurrent layers do not."""
        is_recurrent = _c.llama_model_is_recurrent(self.pointer)
        is_hybrid = _c.llama_model_is_hybrid(self.pointer)
        return not (is_recurrent or is_hybrid or _c.llama_model_n_swa(self.pointer))

    def metadata(self, key: str) -> str:
        """A value of the file's header as text; empty when it has none."""
        buffer = ctypes.create_string_buffer(256)
        n = int(_c.llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer)))
        return buffer.value.decode(errors="replace") if n >= 0 else ""

    @contextmanager
    def kept_open(self) -> Generator[None]:
        """Keep the model from being freed while another thread reads its vocabulary.

        Raises:
            ModelUnavailableError: It is closed.
        """
        with self._lock:
            if self.pointer is None:
                raise ModelUnavailableError("the model is closed")
            yield

    def close(self) -> None:
        """Free the weights once nobody reads them. Idempotent."""
        with self._lock:
            pointer, self.pointer = self.pointer, None
        if pointer is not None:
            _c.llama_model_free(pointer)


class Context:
    """A model's state in native memory: KV cache, buffers, threads.

    Args:
        settings: Fields of llama.cpp's context parameters that differ from its defaults.

    Raises:
        ModelUnavailableError: It could not be made; the model is closed then.
    """

    def __init__(self, model: Model, n_threads: int, settings: Mapping[str, int]) -> None:
        self._model = model
        self._params: Any = _c.llama_context_default_params()
        self._params.n_threads = self._params.n_threads_batch = n_threads
        for name, value in settings.items():
            setattr(self._params, name, value)
        self.pointer: Any = None
        try:
            self.rebuild()
        except ModelUnavailableError:
            model.close()
            raise

    def state_settings(self) -> tuple[tuple[str, float], ...]:
        """The parameters that decide what a saved state's bytes mean."""
        return tuple((name, float(getattr(self._params, name))) for name in _STATE_SETTINGS)

    @property
    def has_memory(self) -> bool:
        """Whether there is a KV cache; pure encoders have none."""
        return _c.llama_get_memory(self.pointer) is not None

    def rebuild(self) -> None:
        """Make the context anew, empty.

        Raises:
            ModelUnavailableError: There is no memory for it; no context is left then.
        """
        self.close()
        self.pointer = _c.llama_init_from_model(self._model.pointer, self._params)
        if self.pointer is None:
            n_ctx, reason = self._params.n_ctx, _native_log().reason()
            raise ModelUnavailableError(f"no context of {n_ctx} tokens could be made: {reason}")

    @contextmanager
    def abortable(self, should_abort: Callable[[], bool] | None) -> Generator[None]:
        """Let decoding inside the block be given up; asked at every node of the graph."""
        if should_abort is None:
            yield
            return

        def ask(_data: object) -> bool:
            return should_abort()

        callback = _c.ggml_abort_callback(ask)
        _c.llama_set_abort_callback(self.pointer, callback, None)
        try:
            yield
        finally:
            _c.llama_set_abort_callback(self.pointer, _c.ggml_abort_callback(), None)

    def encode(self, batch: RowBatch) -> None:
        """Run an encoder; raises `DecodeError` when it fails."""
        code = int(_c.llama_encode(self.pointer, batch.struct))
        if code != 0:
            raise DecodeError(code, is_memory_intact=True)

    def pooled(self, seq_id: SeqId) -> NDArray[np.float32]:
        """The pooled embedding of a sequence of the last `encode`, shape (n_embd,)."""
        pointer: Any = _c.llama_get_embeddings_seq(self.pointer, seq_id)
        return np.ctypeslib.as_array(pointer, shape=(self._model.n_embd,)).copy()

    def close(self) -> None:
        """Free the context. Idempotent."""
        pointer, self.pointer = self.pointer, None
        if pointer is not None:
            _c.llama_free(pointer)


def new_batch(n_rows: int) -> RowBatch:
    """A batch for this library's calls."""
    return RowBatch(n_rows, _c.llama_batch())


def library_build() -> str:
    """Version and compile-time features of the library."""
    return f"{importlib.metadata.version('llama-cpp-python')} {build_features()[0]}"


def native_inventory() -> NativeInventory:
    """The devices this library can use."""
    _native_log()
    return NativeInventory(_c._lib)


def build_features() -> tuple[str, bool]:
    """What the library was compiled for: its own description, and whether it can use a GPU."""
    _native_log()
    info: bytes = _c.llama_print_system_info()
    return info.decode(errors="replace").strip(), bool(_c.llama_supports_gpu_offload())


@functools.cache
def _native_log() -> NativeLog:
    """Initialise llama.cpp once per process and take over its log."""
    log = NativeLog(_c.llama_log_callback)
    _c.llama_log_set(log.callback, None)
    _c.llama_backend_init()
    return log
