"""The devices llama.cpp can compute on, and how much memory they have left."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class DeviceKind(Enum):
    """What a device is."""

    CPU = "cpu"
    GPU = "gpu"
    INTEGRATED_GPU = "integrated_gpu"
    ACCELERATOR = "accelerator"
    OTHER = "other"


_KIND_OF_CODE = {
    0: DeviceKind.CPU,
    1: DeviceKind.GPU,
    2: DeviceKind.INTEGRATED_GPU,
    3: DeviceKind.ACCELERATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Something that computes.

    Attributes:
        name: As llama.cpp calls it, for example "CUDA0".
        description: For people, for example the product's name.
        free_bytes: Memory not in use when it was asked.
    """

    name: str
    kind: DeviceKind
    free_bytes: int
    total_bytes: int
    description: str = ""


class DeviceInventory(Protocol):
    """Knows the devices."""

    def devices(self) -> tuple[Device, ...]:
        """All devices in llama.cpp's order, which is the order of `tensor_split`."""
        ...


class NativeInventory:
    """The devices that a loaded llama.cpp was built for and has found.

    Args:
        library: The library, or one that depends on it: symbols are looked up through it.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._count = library.ggml_backend_dev_count
        self._count.restype = ctypes.c_size_t
        self._get = library.ggml_backend_dev_get
        self._get.argtypes, self._get.restype = [ctypes.c_size_t], ctypes.c_void_p
        self._name = library.ggml_backend_dev_name
        self._name.argtypes, self._name.restype = [ctypes.c_void_p], ctypes.c_char_p
        self._about = library.ggml_backend_dev_description
        self._about.argtypes, self._about.restype = [ctypes.c_void_p], ctypes.c_char_p
        self._type = library.ggml_backend_dev_type
        self._type.argtypes, self._type.restype = [ctypes.c_void_p], ctypes.c_int
        self._memory = library.ggml_backend_dev_memory
        size_p = ctypes.POINTER(ctypes.c_size_t)
        self._memory.argtypes, self._memory.restype = [ctypes.c_void_p, size_p, size_p], None

    def devices(self) -> tuple[Device, ...]:
        """See `DeviceInventory`; free memory is asked anew each time."""
        return tuple(self._device(self._get(index)) for index in range(self._count()))

    def _device(self, handle: int) -> Device:
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._memory(handle, ctypes.byref(free), ctypes.byref(total))
        return Device(
            name=_text(self._name(handle)),
            kind=_KIND_OF_CODE.get(self._type(handle), DeviceKind.OTHER),
            free_bytes=free.value,
            total_bytes=total.value,
            description=_text(self._about(handle)),
        )


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")
