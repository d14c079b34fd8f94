"""Reading safetensors files: a JSON header, then raw little-endian tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter, ValidationError

from .errors import BadModelFileError

_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100_000_000
_DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I64": np.dtype("<i8")}


class _Tensor(BaseModel):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


_HEADER = TypeAdapter(dict[str, _Tensor | dict[str, str]])


@dataclass(frozen=True, slots=True)
class SafetensorsFile:
    """The tensors of one file, read one at a time."""

    path: Path
    _tensors: Mapping[str, _Tensor]
    _data_start: int

    @property
    def names(self) -> tuple[str, ...]:
        """All tensor names, in the file's order."""
        return tuple(self._tensors)

    def read(self, name: str) -> NDArray[np.float32]:
        """Read one tensor as float32, in its own shape.

        Raises:
            BadModelFileError: No such tensor, another type, or the file is cut short.
        """
        tensor = self._tensors.get(name)
        if tensor is None:
            raise BadModelFileError(self.path, f"has no tensor {name}: fetch it again")
        if tensor.dtype not in _DTYPES:
            raise BadModelFileError(self.path, f"stores {name} as {tensor.dtype}, not as floats")
        begin, end = tensor.data_offsets
        dtype = _DTYPES[tensor.dtype]
        count = math.prod(tensor.shape)
        data = np.fromfile(self.path, dtype, count, offset=self._data_start + begin)
        if data.size != count or end - begin != count * dtype.itemsize:
            raise BadModelFileError(self.path, "is cut short: fetch it again")
        return data.reshape(tensor.shape).astype(np.float32)


def open_safetensors(path: Path) -> SafetensorsFile:
    """Read the header.

    Raises:
        BadModelFileError: Not a safetensors file.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        n_header = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if not 0 < n_header <= _MAX_HEADER_BYTES:
            raise BadModelFileError(path, "is not a safetensors file")
        try:
            header = _HEADER.validate_json(file.read(n_header))
        except ValidationError as exc:
            raise BadModelFileError(path, "is not a safetensors file") from exc
    tensors = {name: value for name, value in header.items() if isinstance(value, _Tensor)}
    return SafetensorsFile(path, tensors, _LENGTH_BYTES + n_header)
