from __future__ import annotations

from pathlib import Path

from inference.backends.devices import Device, DeviceKind
from inference.tuning.fingerprint import read_fingerprint

CPUINFO = "processor\t: 0\nmodel name\t: Acme 9000\nflags\t\t: fpu avx2\ncpu MHz\t\t: {mhz}\n"
GPU = Device(
    name="CUDA0", kind=DeviceKind.GPU, free_bytes=1, total_bytes=24 << 30, description="Acme G"
)
CPU = Device(name="CPU", kind=DeviceKind.CPU, free_bytes=1, total_bytes=2)


def cpuinfo(folder: Path, text: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_same_machine_has_the_same_fingerprint_at_any_clock_speed(tmp_path: Path) -> None:
    slow = read_fingerprint("1", (), cpuinfo(tmp_path, CPUINFO.format(mhz=900)))
    fast = read_fingerprint("1", (), cpuinfo(tmp_path, CPUINFO.format(mhz=3000)))
    assert slow == fast
    assert slow.cpu.startswith("Acme 9000 ")


def test_instruction_sets_library_and_devices_make_another_machine(tmp_path: Path) -> None:
    path = cpuinfo(tmp_path, CPUINFO)
    base = read_fingerprint("1", (CPU,), path)
    others = [read_fingerprint("2", (CPU,), path), read_fingerprint("1", (CPU, GPU), path)]
    path.write_text(CPUINFO.replace("avx2", "avx512f"), encoding="utf-8")
    others.append(read_fingerprint("1", (CPU,), path))
    assert len({base.digest, *(other.digest for other in others)}) == 4
    assert others[1].devices == ("CUDA0 Acme G 24 GiB",)


def test_a_machine_that_describes_no_processor_still_has_one(tmp_path: Path) -> None:
    fingerprint = read_fingerprint("1", (), tmp_path / "missing")
    assert fingerprint.cpu
    assert 1 <= fingerprint.n_cores <= fingerprint.n_usable
