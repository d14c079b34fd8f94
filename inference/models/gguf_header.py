"""The head of a GGUF file: its metadata and what tensors follow.

Long arrays (a vocabulary) are counted and stepped over, so a head is read in a fraction of a second
where the `gguf` package's reader takes ten. Every length is checked against the file before use.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType

_VERSIONS = (2, 3)
_DEFAULT_ALIGNMENT = 32
_MAX_DIMENSIONS = 8
_MAX_KEPT_ITEMS = 4096
_FORMATS: Mapping[GGUFValueType, str] = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}

Scalar: TypeAlias = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Items:
    """An array of the metadata.

    Attributes:
        values: Empty when the array is long or holds text.
    """

    n_items: int
    values: tuple[Scalar, ...] = ()


Value: TypeAlias = Scalar | Items


@dataclass(frozen=True, slots=True)
class TensorHead:
    """One tensor, without its data."""

    name: str
    shape: tuple[int, ...]
    kind: GGMLQuantizationType
    offset: int

    @property
    def n_elements(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Size of its data in the file."""
        n_block, n_block_bytes = GGML_QUANT_SIZES[self.kind]
        return self.n_elements // n_block * n_block_bytes


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """Metadata by key, and the tensors in the file's order."""

    fields: Mapping[str, Value]
    tensors: tuple[TensorHead, ...]


class DamagedHeaderError(Exception):
    """The head makes no sense, or the file ends too early."""


def read_header(path: Path) -> GgufHeader:
    """Read the head of a GGUF file and check that the data of all tensors are there.

    Raises:
        DamagedHeaderError: It is damaged.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        cursor = _Cursor(data)
        try:
            return _read(cursor)
        except (struct.error, ValueError, KeyError) as exc:
            raise DamagedHeaderError(f"nonsense near byte {cursor.position:,}") from exc


class _Cursor:
    """A position in the file that refuses to leave it."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.position = 4  # behind the magic

    @property
    def n_bytes(self) -> int:
        return len(self._data)

    def skip(self, n_bytes: int) -> int:
        """Step forward; gives where the step began."""
        begin = self.position
        if n_bytes > len(self._data) - begin:
            raise DamagedHeaderError("it is cut short")
        self.position = begin + n_bytes
        return begin

    def number(self, code: str) -> int:
        return int(self.scalar(code))

    def scalar(self, code: str) -> int | float | bool:
        return struct.unpack_from(f"<{code}", self._data, self.skip(struct.calcsize(code)))[0]

    def text(self) -> str:
        n_bytes = self.number("Q")
        begin = self.skip(n_bytes)
        return self._data[begin : begin + n_bytes].decode()

    def skip_text(self) -> None:
        self.skip(self.number("Q"))


def _read(cursor: _Cursor) -> GgufHeader:
    version = cursor.number("I")
    if version not in _VERSIONS:
        raise DamagedHeaderError(f"version {version} is not supported")
    n_tensors, n_fields = cursor.number("Q"), cursor.number("Q")
    fields: dict[str, Value] = {}
    for _ in range(n_fields):
        key = cursor.text()
        fields[key] = _value(cursor)
    tensors = tuple(_tensor(cursor) for _ in range(n_tensors))
    _check_data(cursor, fields, tensors)
    return GgufHeader(fields, tensors)


def _value(cursor: _Cursor) -> Value:
    kind = GGUFValueType(cursor.number("I"))
    if kind is GGUFValueType.STRING:
        return cursor.text()
    if kind is GGUFValueType.ARRAY:
        return _items(cursor)
    return cursor.scalar(_FORMATS[kind])


def _items(cursor: _Cursor) -> Items:
    kind, n_items = GGUFValueType(cursor.number("I")), cursor.number("Q")
    if kind is GGUFValueType.STRING:
        for _ in range(n_items):
            cursor.skip_text()
        return Items(n_items)
    code = _FORMATS[kind]
    if n_items <= _MAX_KEPT_ITEMS:
        return Items(n_items, tuple(cursor.scalar(code) for _ in range(n_items)))
    cursor.skip(n_items * struct.calcsize(code))
    return Items(n_items)


def _tensor(cursor: _Cursor) -> TensorHead:
    name, n_dimensions = cursor.text(), cursor.number("I")
    if n_dimensions > _MAX_DIMENSIONS:
        raise DamagedHeaderError(f"tensor {name} has {n_dimensions} dimensions")
    shape = tuple(cursor.number("Q") for _ in range(n_dimensions))
    return TensorHead(name, shape, GGMLQuantizationType(cursor.number("I")), cursor.number("Q"))


def _check_data(
    cursor: _Cursor, fields: Mapping[str, Value], tensors: tuple[TensorHead, ...]
) -> None:
    alignment = fields.get("general.alignment", _DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 1:
        raise DamagedHeaderError("the alignment makes no sense")
    begin = math.ceil(cursor.position / alignment) * alignment
    end = max((tensor.offset + tensor.n_bytes for tensor in tensors), default=0)
    if begin + end > cursor.n_bytes:
        missing = begin + end - cursor.n_bytes
        raise DamagedHeaderError(f"it is cut short by {missing:,} bytes")
