"""Reading the inventory of a library that has two GPUs, or none."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, cast

from inference.backends.devices import DeviceKind, NativeInventory


class Function:
    """Takes the place of a foreign function, attributes and all."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self.argtypes: Any = None
        self.restype: Any = None

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)


class Library:
    """Handles are index + 1; kinds as llama.cpp numbers them."""

    def __init__(self, *kinds: int) -> None:
        self._kinds = kinds
        self.ggml_backend_dev_count = Function(self._count)
        self.ggml_backend_dev_get = Function(self._get)
        self.ggml_backend_dev_name = Function(self._name)
        self.ggml_backend_dev_description = Function(self._description)
        self.ggml_backend_dev_type = Function(self._type)
        self.ggml_backend_dev_memory = Function(self._memory)
        self.free = [1000 * (index + 1) for index in range(len(kinds))]

    def _count(self) -> int:
        return len(self._kinds)

    def _get(self, index: int) -> int:
        return index + 1

    def _name(self, handle: int) -> bytes:
        return f"DEV{handle - 1}".encode()

    def _description(self, handle: int) -> bytes | None:
        return None if handle else b""

    def _type(self, handle: int) -> int:
        return self._kinds[handle - 1]

    def _memory(self, handle: int, free: Any, total: Any) -> None:
        free._obj.value, total._obj.value = self.free[handle - 1], 9000


def inventory(library: Library) -> NativeInventory:
    return NativeInventory(cast(ctypes.CDLL, library))


def test_devices_keep_llama_cpps_order_with_kind_and_memory() -> None:
    first, second, third = inventory(Library(1, 2, 0)).devices()
    assert (first.name, first.kind) == ("DEV0", DeviceKind.GPU)
    assert (second.name, second.kind) == ("DEV1", DeviceKind.INTEGRATED_GPU)
    assert (third.kind, third.free_bytes, third.total_bytes) == (DeviceKind.CPU, 3000, 9000)


def test_free_memory_is_asked_anew() -> None:
    library = Library(1)
    devices = inventory(library)
    library.free[0] = 77
    assert devices.devices()[0].free_bytes == 77


def test_a_kind_that_is_not_known_yet_is_no_gpu() -> None:
    assert inventory(Library(42)).devices()[0].kind is DeviceKind.OTHER
