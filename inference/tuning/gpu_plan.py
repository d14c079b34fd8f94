"""Which layers could go to which GPU, by the memory they have left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..backends.devices import Device, DeviceKind

_USABLE_SHARE = 0.92
_RESERVE_BYTES = 400_000_000
"""Working buffers and the driver's own context, on every GPU in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuPlacement:
    """How many layers go to the GPUs, and in what proportion.

    Attributes:
        n_gpu_layers: -1: all of them, the output layer included.
        tensor_split: One share per GPU, summing to 1; empty: there is one GPU or none in use.
        main_gpu: The GPU with the most room.
    """

    n_gpu_layers: int
    tensor_split: tuple[float, ...] = ()
    main_gpu: int = 0


def gpu_plan(
    *, n_layers: int, model_bytes: int, kv_bytes: int, devices: Sequence[Device]
) -> tuple[GpuPlacement, ...]:
    """Placements worth measuring, the most offloaded first; the last one uses no GPU.

    Args:
        n_layers: Of the model, its output layer not counted.
        model_bytes: Size of all weights.
        kv_bytes: Size of the whole KV cache, which lies with its layers.
        devices: All devices in llama.cpp's order.
    """
    none = GpuPlacement(n_gpu_layers=0)
    gpus = _gpus(devices)
    rooms = [max(0, int(gpu.free_bytes * _USABLE_SHARE) - _RESERVE_BYTES) for gpu in gpus]
    layer_bytes = (model_bytes + kv_bytes) / (n_layers + 1)
    n_fitting = [int(room // layer_bytes) for room in rooms]
    if not any(n_fitting):
        return (none,)
    main = rooms.index(max(rooms))
    candidates: list[GpuPlacement] = []
    if max(n_fitting) > n_layers:
        candidates.append(_only(main, -1, len(gpus)))
    if sum(n_fitting) > n_layers and sum(n > 0 for n in n_fitting) > 1:
        candidates.append(_split(rooms, -1, main))
    n_some = min(sum(n_fitting), n_layers)
    for n_gpu_layers in (n_some, n_some // 2):
        if n_gpu_layers > 0 and (n_gpu_layers < n_layers or not candidates):
            candidates.append(_split(rooms, n_gpu_layers, main))
    return (*dict.fromkeys(candidates), none)


def _gpus(devices: Sequence[Device]) -> list[Device]:
    """The GPUs that llama.cpp uses: integrated ones only where there are no others."""
    discrete = [device for device in devices if device.kind is DeviceKind.GPU]
    return discrete or [device for device in devices if device.kind is DeviceKind.INTEGRATED_GPU]


def _only(gpu: int, n_gpu_layers: int, n_gpus: int) -> GpuPlacement:
    split = tuple(float(index == gpu) for index in range(n_gpus)) if n_gpus > 1 else ()
    return GpuPlacement(n_gpu_layers=n_gpu_layers, tensor_split=split, main_gpu=gpu)


def _split(rooms: Sequence[int], n_gpu_layers: int, main: int) -> GpuPlacement:
    total = sum(rooms)
    split = tuple(round(room / total, 4) for room in rooms) if len(rooms) > 1 else ()
    return GpuPlacement(n_gpu_layers=n_gpu_layers, tensor_split=split, main_gpu=main)
