"""Facts about the machine, read once and passed on as values."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_CPU_FLAGS = ("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")
_ARM_FLAGS = ("asimd", "asimddp", "i8mm", "sve")
_COMPILERS = ("c++", "g++", "clang++")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The hardware and the tools on it.

    Attributes:
        n_cores: Physical cores; logical ones where the machine does not tell.
        cpu_flags: Of the instruction sets that matter to inference, those it has.
        compiler: Path of a C++ compiler, or None.
        llama_cpp_version: Version of the binding, or None when it is not installed.
        llama_cpp_features: What llama.cpp was built with; empty when it cannot be loaded.
    """

    system: str
    architecture: str
    python: str
    n_cores: int
    n_logical_cores: int
    n_memory_bytes: int
    n_memory_available_bytes: int
    cpu_flags: tuple[str, ...]
    compiler: str | None
    llama_cpp_version: str | None
    llama_cpp_features: str
    has_gpu_backend: bool


def read_machine() -> Machine:
    """Look at this machine; loads llama.cpp to ask it how it was built."""
    memory = psutil.virtual_memory()
    features, has_gpu_backend = _llama_cpp_build()
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        architecture=platform.machine(),
        python=f"{platform.python_version()} ({sys.executable})",
        n_cores=psutil.cpu_count(logical=False) or psutil.cpu_count() or 1,
        n_logical_cores=psutil.cpu_count() or 1,
        n_memory_bytes=memory.total,
        n_memory_available_bytes=memory.available,
        cpu_flags=_cpu_flags(Path("/proc/cpuinfo")),
        compiler=next((path for name in _COMPILERS if (path := shutil.which(name))), None),
        llama_cpp_version=_version("llama-cpp-python"),
        llama_cpp_features=features,
        has_gpu_backend=has_gpu_backend,
    )


def is_port_free(host: str, port: int) -> bool | None:
    """Whether a server could listen there; None when the host is not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return None
    except OSError:
        return False
    return True


def existing_parent(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


def n_free_bytes(path: Path) -> int:
    """Free space where a path is, or would be created."""
    return shutil.disk_usage(existing_parent(path)).free


def _cpu_flags(cpuinfo: Path) -> tuple[str, ...]:
    try:
        text = cpuinfo.read_text(encoding="utf-8")
    except OSError:
        return ()
    lines = [line for line in text.splitlines() if line.lower().startswith(("flags", "features"))]
    present = set(lines[0].partition(":")[2].split()) if lines else set[str]()
    return tuple(flag for flag in (*_CPU_FLAGS, *_ARM_FLAGS) if flag in present)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _llama_cpp_build() -> tuple[str, bool]:
    try:
        from inference.backends.llama_native import build_features
    except (ImportError, OSError, RuntimeError):  # not built, or its library does not load
        return "", False
    return build_features()
