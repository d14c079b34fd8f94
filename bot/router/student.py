"""The distilled student: two linear layers over what a text is written with and what it means."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from bot.messages import Intent

from .hashing import N_BUCKETS, buckets

INTENTS = tuple(Intent)
FORMAT = 1
FILE_NAME = "student.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One trained layer; `logits = steps * (sparse @ features + dense @ meaning) + bias`.

    Attributes:
        sparse: Shape (n_intents, N_BUCKETS), whole numbers.
        dense: Shape (n_intents, n_dimensions), whole numbers; no columns without meaning.
        steps: What one of those numbers is worth, shape (n_intents, 2): sparse and dense.
        bias: Shape (n_intents,).
        temperature: What logits are divided by, so that shares are as sure as they are right.
    """

    sparse: NDArray[np.int8]
    dense: NDArray[np.int8]
    steps: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float

    def logits(
        self, columns: NDArray[np.int64], values: NDArray[np.float32], meaning: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Shape (n_intents,).

        Args:
            columns, values: The text's buckets and their weights.
            meaning: Its unit vector; empty where meaning does not count.
        """
        written = self.sparse[:, columns].astype(np.float32) @ values
        meant = self.dense.astype(np.float32) @ meaning
        logits = self.steps[:, 0] * written + self.steps[:, 1] * meant + self.bias
        return logits.astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """What was trained, as it is shipped.

    Attributes:
        worth: How telling each bucket is, shape (N_BUCKETS,).
        by_characters: Judges without an encoder.
        by_meaning: Judges with the vector of the encoder that it was trained with.
        encoder: Identity of that encoder.
        reliability: How often the model gives an answer for a request of an intent, one table for
            each of its prompts: shape (n_prompts, n_intents, n_intents), rows are the true intents.
    """

    worth: NDArray[np.float32]
    by_characters: Head
    by_meaning: Head
    encoder: str
    reliability: NDArray[np.float32]

    @property
    def n_dimensions(self) -> int:
        """Of the vectors that `by_meaning` takes."""
        return self.by_meaning.dense.shape[1]

    def shares(
        self, text: str, meaning: NDArray[np.float32] | None = None
    ) -> Mapping[Intent, float]:
        """How likely each intent is; the shares add up to 1.

        Args:
            meaning: The text's unit vector, shape (n_dimensions,), or None to do without.
        """
        found = buckets(text)
        columns = np.fromiter(found, dtype=np.int64, count=len(found))
        values = np.fromiter(found.values(), dtype=np.float32, count=len(found))
        values = values * self.worth[columns]
        length = float(np.linalg.norm(values))
        head = self.by_characters if meaning is None else self.by_meaning
        vector = np.zeros(0, dtype=np.float32) if meaning is None else meaning
        logits = head.logits(columns, values / length if length else values, vector)
        return _shares(logits / head.temperature)

    def with_answer(
        self, shares: Mapping[Intent, float], prompt: int, answer: Intent
    ) -> Mapping[Intent, float]:
        """The shares after the model's answer, weighed by how far its answers can be trusted."""
        column = self.reliability[prompt, :, INTENTS.index(answer)]
        weights = {
            intent: shares[intent] * float(likelihood)
            for intent, likelihood in zip(INTENTS, column, strict=True)
        }
        total = math.fsum(weights.values())
        return {intent: weight / total for intent, weight in weights.items()}

    def to_bytes(self) -> bytes:
        """The file: arrays only, nothing that could be executed."""
        buffer = io.BytesIO()
        np.savez(buffer, **_arrays(self))  # pyright: ignore[reportArgumentType]
        return buffer.getvalue()


def shipped() -> Student:
    """The student of this package.

    Raises:
        ValueError: Its file is damaged or of another format.
        OSError: It cannot be read.
    """
    return from_bytes(files("bot.router").joinpath("data", FILE_NAME).read_bytes())


def from_bytes(content: bytes) -> Student:
    """Read a file.

    Raises:
        ValueError: It is damaged or of another format.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return _student({name: arrays[name] for name in arrays.files})
    except (OSError, EOFError, KeyError, zipfile.BadZipFile) as exc:
        raise ValueError(f"the router's student cannot be read: {exc}") from exc


def _student(arrays: Mapping[str, NDArray[np.generic]]) -> Student:
    if int(arrays["format"]) != FORMAT or arrays["worth"].shape != (N_BUCKETS,):
        raise ValueError("the router's student is of another format")
    return Student(
        worth=arrays["worth"].astype(np.float32),
        by_characters=_head("characters", arrays),
        by_meaning=_head("meaning", arrays),
        encoder=str(arrays["encoder"]),
        reliability=arrays["reliability"].astype(np.float32),
    )


def _head(name: str, arrays: Mapping[str, NDArray[np.generic]]) -> Head:
    return Head(
        sparse=arrays[f"{name}.sparse"].astype(np.int8),
        dense=arrays[f"{name}.dense"].astype(np.int8),
        steps=arrays[f"{name}.steps"].astype(np.float32),
        bias=arrays[f"{name}.bias"].astype(np.float32),
        temperature=float(arrays[f"{name}.temperature"]),
    )


def _arrays(student: Student) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {
        "format": np.array(FORMAT),
        "worth": student.worth,
        "encoder": np.array(student.encoder),
        "reliability": student.reliability,
    }
    for name, head in (("characters", student.by_characters), ("meaning", student.by_meaning)):
        arrays[f"{name}.sparse"] = head.sparse
        arrays[f"{name}.dense"] = head.dense
        arrays[f"{name}.steps"] = head.steps
        arrays[f"{name}.bias"] = head.bias
        arrays[f"{name}.temperature"] = np.array(head.temperature)
    return arrays


def _shares(logits: NDArray[np.float32]) -> Mapping[Intent, float]:
    powers = np.exp(logits - logits.max())
    shares = powers / powers.sum()
    return {intent: float(share) for intent, share in zip(INTENTS, shares, strict=True)}
