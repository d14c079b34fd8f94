"""A BERT encoder from safetensors to GGUF, as llama.cpp's `bert` architecture wants it.

Matrices become F16; vectors, positions and token types stay F32. WordPiece tokens are stored the
way llama.cpp matches them: a token that begins a word gets the phantom space U+2581 in front, a
continuation loses its `##`. The bytes depend on the input alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, LlamaFileType, PoolingType, TokenType
from numpy.typing import NDArray

from .errors import BadModelFileError
from .safetensors import SafetensorsFile, open_safetensors

_WORD_START = "\u2581"
_CONTINUATION = "##"
_CONTROL_TOKENS = frozenset({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
_KEPT_F32 = ("position_embd.weight", "token_types.weight")
_EMBEDDINGS = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}
_LAYER_MODULES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BertFacts:
    """What the tensors themselves do not tell."""

    name: str
    licence: str
    n_heads: int
    layer_norm_epsilon: float
    is_lowercase: bool


MINILM_L6 = BertFacts(
    name="all-MiniLM-L6-v2",
    licence="apache-2.0",
    n_heads=12,
    layer_norm_epsilon=1e-12,
    is_lowercase=True,
)


def convert(weights: Path, vocabulary: Path, target: Path, facts: BertFacts) -> None:
    """Write a GGUF file.

    Args:
        weights: The model's safetensors file.
        vocabulary: `vocab.txt`, one WordPiece token a line, the line number is the id.
        target: Written anew; a failed conversion leaves nothing of use under this name.

    Raises:
        BadModelFileError: One of the inputs is not what it should be.
        OSError: Reading or writing failed.
    """
    source = open_safetensors(weights)
    tokens = read_vocabulary(vocabulary)
    n_rows = source.read("embeddings.word_embeddings.weight").shape[0]
    if len(tokens) != n_rows:
        raise BadModelFileError(
            vocabulary, f"has {len(tokens)} tokens but the model {n_rows}: fetch both again"
        )
    writer = GGUFWriter(target, "bert")
    try:
        _write_facts(writer, source, facts)
        _write_vocabulary(writer, vocabulary, tokens, facts)
        for name, tensor in _tensors(source):
            writer.add_tensor(name, tensor)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """Read `vocab.txt`.

    Raises:
        BadModelFileError: Not UTF-8 text.
        OSError: It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise BadModelFileError(path, "is not a vocabulary: it is not UTF-8 text") from exc
    # NOTE: not splitlines(): tokens may be characters that it takes for line ends.
    return tuple(text.removesuffix("\n").split("\n"))


def stored_form(token: str) -> str:
    """A WordPiece token as llama.cpp looks it up."""
    if is_control(token):
        return token
    if token.startswith(_CONTINUATION):
        return token.removeprefix(_CONTINUATION)
    return _WORD_START + token


def is_control(token: str) -> bool:
    """Whether a token stands for structure and never for text."""
    return token in _CONTROL_TOKENS


def _write_facts(writer: GGUFWriter, source: SafetensorsFile, facts: BertFacts) -> None:
    n_ctx, n_embd = source.read("embeddings.position_embeddings.weight").shape
    writer.add_name(facts.name)
    writer.add_license(facts.licence)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(n_embd)
    writer.add_feed_forward_length(source.read("encoder.layer.0.intermediate.dense.bias").shape[0])
    writer.add_block_count(_n_layers(source))
    writer.add_head_count(facts.n_heads)
    writer.add_layer_norm_eps(facts.layer_norm_epsilon)
    writer.add_token_type_count(source.read("embeddings.token_type_embeddings.weight").shape[0])
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.MEAN)


def _write_vocabulary(
    writer: GGUFWriter, path: Path, tokens: tuple[str, ...], facts: BertFacts
) -> None:
    ids = {token: number for number, token in enumerate(tokens) if is_control(token)}
    missing = _CONTROL_TOKENS - ids.keys()
    if missing:
        raise BadModelFileError(path, f"lacks the tokens {', '.join(sorted(missing))}")
    types = [TokenType.CONTROL if is_control(token) else TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([stored_form(token) for token in tokens])
    writer.add_token_types(types)
    writer.add_bos_token_id(ids["[CLS]"])
    writer.add_sep_token_id(ids["[SEP]"])
    writer.add_unk_token_id(ids["[UNK]"])
    writer.add_pad_token_id(ids["[PAD]"])
    writer.add_mask_token_id(ids["[MASK]"])
    writer.add_bool("tokenizer.ggml.normalizer.lowercase", facts.is_lowercase)
    writer.add_bool("tokenizer.ggml.normalizer.strip_accents", facts.is_lowercase)


def _n_layers(source: SafetensorsFile) -> int:
    numbers = {name.split(".")[2] for name in source.names if name.startswith("encoder.layer.")}
    return len(numbers)


def _tensors(source: SafetensorsFile) -> Iterator[tuple[str, NDArray[np.floating]]]:
    """All tensors under their GGUF names; the pooler, which embeddings don't use, is left out."""
    names = dict(_EMBEDDINGS)
    for layer in range(_n_layers(source)):
        for module, short in _LAYER_MODULES.items():
            for kind in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{module}.{kind}"] = f"blk.{layer}.{short}.{kind}"
    for original, name in names.items():
        tensor = source.read(original)
        is_matrix = tensor.ndim > 1 and name not in _KEPT_F32
        yield name, tensor.astype(np.float16) if is_matrix else tensor
