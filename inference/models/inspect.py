"""What a GGUF file says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gguf import LlamaFileType

from . import verify
from .errors import BadModelFileError
from .gguf_header import DamagedHeaderError, GgufHeader, Items, read_header
from .memory import AttentionShape, MemoryEstimate, estimate_memory


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model as its file describes it.

    Attributes:
        quantisation: llama.cpp's name of the file type, for example "Q4_K_M".
        n_ctx_train: Context the model was trained for, in tokens.
        tokenizer: Kind and pre-tokenizer, for example "gpt2 (qwen2)".
    """

    path: Path
    n_file_bytes: int
    name: str
    architecture: str
    quantisation: str
    n_parameters: int
    n_ctx_train: int
    n_embd: int
    n_heads: int
    shape: AttentionShape
    tokenizer: str
    n_vocab: int
    has_chat_template: bool
    is_encoder: bool

    def memory(self, n_ctx: int) -> MemoryEstimate:
        """Estimate the memory it takes with `n_ctx` cells of KV cache."""
        return estimate_memory(self.n_file_bytes, self.shape, n_ctx, is_encoder=self.is_encoder)


def inspect_model(path: Path) -> ModelFacts:
    """Read a file's metadata and check that all its tensors are there.

    Raises:
        BadModelFileError: Not a GGUF file, cut short, or its metadata make no sense.
    """
    verify.check_magic(path)
    try:
        return _facts(path, read_header(path))
    except OSError as exc:
        reason = (exc.strerror or str(exc)).lower()
        raise BadModelFileError(path, f"cannot be read: {reason}") from exc
    except DamagedHeaderError as exc:
        raise BadModelFileError(
            path, f"is a damaged GGUF file ({exc}): delete it and pull or copy it again"
        ) from exc


def _facts(path: Path, header: GgufHeader) -> ModelFacts:
    architecture = _text(header, "general.architecture")
    if not architecture:
        raise DamagedHeaderError("it names no architecture")
    n_heads = _number(header, f"{architecture}.attention.head_count")
    n_embd = _number(header, f"{architecture}.embedding_length")
    return ModelFacts(
        path=path,
        n_file_bytes=path.stat().st_size,
        name=_text(header, "general.name"),
        architecture=architecture,
        quantisation=_quantisation(header),
        n_parameters=sum(tensor.n_elements for tensor in header.tensors),
        n_ctx_train=_number(header, f"{architecture}.context_length"),
        n_embd=n_embd,
        n_heads=n_heads,
        shape=AttentionShape(
            n_layers=_number(header, f"{architecture}.block_count"),
            n_kv_heads=_number(header, f"{architecture}.attention.head_count_kv") or n_heads,
            head_dim=_number(header, f"{architecture}.attention.key_length")
            or (n_embd // n_heads if n_heads else 0),
        ),
        tokenizer=_tokenizer(header),
        n_vocab=_n_vocab(header),
        has_chat_template=bool(_text(header, "tokenizer.chat_template")),
        is_encoder=f"{architecture}.pooling_type" in header.fields,
    )


def _text(header: GgufHeader, key: str) -> str:
    return str(header.fields.get(key, ""))


def _number(header: GgufHeader, key: str) -> int:
    """A count; of one that differs by layer the largest; 0 when the file does not say."""
    value = header.fields.get(key, 0)
    values = value.values if isinstance(value, Items) else (value,)
    return max((int(item) for item in values if isinstance(item, int | float)), default=0)


def _quantisation(header: GgufHeader) -> str:
    if "general.file_type" in header.fields:
        try:
            kind = LlamaFileType(_number(header, "general.file_type"))
        except ValueError:
            return "unknown"
        return kind.name.removeprefix("MOSTLY_").removeprefix("ALL_")
    kinds = [tensor.kind.name for tensor in header.tensors if len(tensor.shape) > 1]
    return max(set(kinds), key=kinds.count) if kinds else "unknown"


def _tokenizer(header: GgufHeader) -> str:
    kind, pre = _text(header, "tokenizer.ggml.model"), _text(header, "tokenizer.ggml.pre")
    return f"{kind} ({pre})" if kind and pre else kind or "none"


def _n_vocab(header: GgufHeader) -> int:
    tokens = header.fields.get("tokenizer.ggml.tokens")
    return tokens.n_items if isinstance(tokens, Items) else 0
