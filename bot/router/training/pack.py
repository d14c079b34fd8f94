"""The training set as it is shipped: messages with the teacher's shares, and their meaning."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.messages import Intent

from .messages import Message

MESSAGES_NAME, VECTORS_NAME = "messages.jsonl.gz", "vectors.npz"
_N_KEPT = 128
_LEVELS = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Embeddings, reduced to the directions in which the messages differ most.

    A text's vector is about `mean + axes.T @ (step * levels)`.

    Attributes:
        levels: Whole numbers, shape (n_messages, n_kept).
        step: What one level is worth.
        axes: Shape (n_kept, n_dimensions), rows of length 1.
        mean: Shape (n_dimensions,).
        encoder: Identity of what embedded them.
    """

    levels: NDArray[np.int8]
    step: float
    axes: NDArray[np.float32]
    mean: NDArray[np.float32]
    encoder: str

    def place(self, vectors: NDArray[np.float32]) -> NDArray[np.int8]:
        """Levels of other vectors, shape (n, n_kept)."""
        moved = (vectors - self.mean) @ self.axes.T
        return np.clip(np.rint(moved / self.step), -_LEVELS, _LEVELS).astype(np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What a student is trained from.

    Attributes:
        soft: The teacher's shares, one row for each message.
        meaning: Of the messages, in their order.
        reliability: See `bot.router.student.Student`.
    """

    messages: tuple[Message, ...]
    soft: tuple[tuple[float, ...], ...]
    meaning: Meaning
    reliability: NDArray[np.float64]


def reduced(vectors: NDArray[np.float32], encoder: str) -> Meaning:
    """Keep what tells messages apart.

    Args:
        vectors: Unit vectors, shape (n_messages, n_dimensions).
    """
    mean = vectors.mean(axis=0).astype(np.float32)
    _, _, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    kept = axes[:_N_KEPT].astype(np.float32)
    moved = (vectors - mean) @ kept.T
    step = float(np.float32(np.abs(moved).max() / _LEVELS))
    empty = np.zeros((0, len(kept)), dtype=np.int8)
    meaning = Meaning(levels=empty, step=step, axes=kept, mean=mean, encoder=encoder)
    return Meaning(levels=meaning.place(vectors), step=step, axes=kept, mean=mean, encoder=encoder)


def write(pack: Pack, folder: Path) -> None:
    """Write both files.

    Raises:
        OSError: The folder cannot be written.
    """
    lines = [
        json.dumps(
            {
                "text": message.text,
                "intent": message.intent,
                "language": message.language,
                "group": message.group,
                "soft": list(soft),
            },
            ensure_ascii=False,
        )
        for message, soft in zip(pack.messages, pack.soft, strict=True)
    ]
    content = ("\n".join(lines) + "\n").encode()
    (folder / MESSAGES_NAME).write_bytes(gzip.compress(content, mtime=0))
    buffer = io.BytesIO()
    np.savez(
        buffer,
        levels=pack.meaning.levels,
        step=np.array(pack.meaning.step),
        axes=pack.meaning.axes,
        mean=pack.meaning.mean,
        encoder=np.array(pack.meaning.encoder),
        reliability=pack.reliability,
    )
    (folder / VECTORS_NAME).write_bytes(buffer.getvalue())


def read(folder: Path) -> Pack:
    """Read both files.

    Raises:
        ValueError: They are damaged, or do not belong together.
        OSError: They cannot be read.
    """
    try:
        text = gzip.decompress((folder / MESSAGES_NAME).read_bytes()).decode()
        records = [json.loads(line) for line in text.splitlines()]
        messages = tuple(
            Message(
                text=record["text"],
                intent=Intent(record["intent"]),
                language=record["language"],
                group=record["group"],
            )
            for record in records
        )
        soft = tuple(tuple(map(float, record["soft"])) for record in records)
        meaning, tables = _read_vectors((folder / VECTORS_NAME).read_bytes())
    except (EOFError, KeyError, TypeError, gzip.BadGzipFile, zipfile.BadZipFile) as exc:
        raise ValueError(f"the training set cannot be read: {exc}") from exc
    _check_size(len(messages), meaning)
    return Pack(messages=messages, soft=soft, meaning=meaning, reliability=tables)


def _check_size(n_messages: int, meaning: Meaning) -> None:
    if len(meaning.levels) != n_messages:
        raise ValueError(f"{n_messages} messages but {len(meaning.levels)} vectors")


def _read_vectors(content: bytes) -> tuple[Meaning, NDArray[np.float64]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        meaning = Meaning(
            levels=arrays["levels"].astype(np.int8),
            step=float(arrays["step"]),
            axes=arrays["axes"].astype(np.float32),
            mean=arrays["mean"].astype(np.float32),
            encoder=str(arrays["encoder"]),
        )
        return meaning, arrays["reliability"].astype(np.float64)


def subset(pack: Pack, wanted: Sequence[int]) -> Pack:
    """Some of the messages, in the given order."""
    meaning = pack.meaning
    return Pack(
        messages=tuple(pack.messages[i] for i in wanted),
        soft=tuple(pack.soft[i] for i in wanted),
        meaning=Meaning(
            levels=meaning.levels[list(wanted)],
            step=meaning.step,
            axes=meaning.axes,
            mean=meaning.mean,
            encoder=meaning.encoder,
        ),
        reliability=pack.reliability,
    )
