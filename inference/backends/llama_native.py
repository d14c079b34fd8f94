"""A model and its context in llama.cpp's native memory, and the library itself.

The library is typed as `Any` here: its bindings are ctypes objects whose stubs are incomplete.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as _bindings
import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError, ModelUnavailableError
from ..request import SeqId
from .devices import NativeInventory
from .free_memory import available_bytes
from .llama_params import check_memory, set_model_params
from .native_log import NativeLog
from .options import LlamaOptions
from .row_batch import RowBatch

_c: Any = _bindings

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


class Model:
    """Weights and vocabulary in native memory.

    Args:
        vocabulary_only: Leave the weights in the file; such a model can only tokenize.

    Raises:
        ModelUnavailableError: The file cannot be loaded.
    """

    def __init__(self, path: Path, options: LlamaOptions, *, vocabulary_only: bool = False) -> None:
        log = _native_log()
        if not path.is_file():
            raise ModelUnavailableError(f"the model file {path} does not exist")
        log.errors.clear()
        params: Any = _c.llama_model_default_params()
        set_model_params(params, options, int(_c.llama_max_devices()))
        params.vocab_only = vocabulary_only
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

    def set_threads(self, n_threads: int) -> None:
        """Use so many threads from the next step on."""
        _c.llama_set_n_threads(self.pointer, n_threads, n_threads)

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
