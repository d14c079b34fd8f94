from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inference.backends.devices import Device, DeviceKind
from inference.tuning.gpu_plan import GpuPlacement, gpu_plan

GB = 1_000_000_000
CPU = Device(name="CPU", kind=DeviceKind.CPU, free_bytes=32 * GB, total_bytes=64 * GB)


def gpu(free: float, kind: DeviceKind = DeviceKind.GPU) -> Device:
    return Device(name="CUDA", kind=kind, free_bytes=int(free * GB), total_bytes=80 * GB)


def plan(*devices: Device, model: float = 4.0, kv: float = 0.5) -> Sequence[GpuPlacement]:
    return gpu_plan(
        n_layers=28, model_bytes=int(model * GB), kv_bytes=int(kv * GB), devices=(CPU, *devices)
    )


def test_without_a_gpu_everything_stays_with_the_processor() -> None:
    assert plan() == (GpuPlacement(n_gpu_layers=0),)


def test_a_full_gpu_is_as_good_as_none() -> None:
    assert plan(gpu(0.3)) == (GpuPlacement(n_gpu_layers=0),)


def test_a_large_gpu_takes_all_layers_first() -> None:
    everything, half, none = plan(gpu(24))
    assert (everything.n_gpu_layers, everything.tensor_split) == (-1, ())
    assert (half.n_gpu_layers, none.n_gpu_layers) == (14, 0)


def test_a_small_gpu_takes_as_many_layers_as_fit() -> None:
    some, fewer, none = plan(gpu(2))
    assert 0 < fewer.n_gpu_layers < some.n_gpu_layers < 28
    assert some.n_gpu_layers * 4.5 * GB / 29 < 2 * GB
    assert none.n_gpu_layers == 0


def test_two_gpus_share_by_free_memory_what_neither_can_hold() -> None:
    first = plan(gpu(4), gpu(2))[0]
    assert first.n_gpu_layers == -1
    assert 0.65 < first.tensor_split[0] < 0.75
    assert abs(sum(first.tensor_split) - 1) < 0.001


def test_a_model_that_fits_one_of_two_gpus_is_tried_there_alone_and_on_both() -> None:
    alone, both, *_ = plan(gpu(8), gpu(16))
    assert (alone.main_gpu, alone.tensor_split) == (1, (0.0, 1.0))
    assert both.tensor_split[1] > both.tensor_split[0] > 0


def test_a_full_gpu_beside_a_free_one_gets_nothing() -> None:
    placements = plan(gpu(16), gpu(0.2))
    assert [placement.tensor_split for placement in placements if placement.tensor_split] == [
        (1.0, 0.0),
        (1.0, 0.0),
    ]


def test_an_integrated_gpu_counts_only_where_there_is_no_other() -> None:
    integrated = gpu(8, DeviceKind.INTEGRATED_GPU)
    assert plan(integrated)[0].n_gpu_layers == -1
    assert all(not each.tensor_split for each in plan(integrated, gpu(16)))


@given(
    free=st.lists(st.floats(0, 80), max_size=4),
    n_layers=st.integers(1, 100),
    model=st.floats(0.05, 100),
)
def test_layers_never_exceed_what_fits(free: list[float], n_layers: int, model: float) -> None:
    placements = gpu_plan(
        n_layers=n_layers,
        model_bytes=int(model * GB),
        kv_bytes=GB,
        devices=[gpu(each) for each in free],
    )
    room = sum(free) * GB
    layer_bytes = (int(model * GB) + GB) / (n_layers + 1)
    assert placements[-1] == GpuPlacement(n_gpu_layers=0)
    assert len(placements) == len(set(placements)) <= 5
    for placement in placements:
        n = n_layers + 1 if placement.n_gpu_layers == -1 else placement.n_gpu_layers
        assert n * layer_bytes <= room
        assert not placement.tensor_split or len(placement.tensor_split) == len(free)
