"""From the shipped training set to the shipped student, with the same bits each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..readable import readable
from ..student import INTENTS, Head, Student
from .descent import Recipe, Weights, fit
from .design import Design, count_features, rarity, sparse_parts
from .pack import Pack

_BY_HAND_COUNTS = 3.0
_MEANING_GAIN = 2.0
_LEVELS = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the logits of both layers are divided by."""

    characters: float = 1.0
    meaning: float = 1.0


def train(pack: Pack, recipe: Recipe, calibration: Calibration) -> Student:
    """Train both layers of a student."""
    worth, characters = design(pack, with_meaning=False)
    _, meaning = design(pack, with_meaning=True)
    return Student(
        worth=worth.astype(np.float32),
        by_characters=_head(fit(characters, recipe), pack, calibration.characters),
        by_meaning=_head(fit(meaning, recipe), pack, calibration.meaning),
        encoder=pack.meaning.encoder,
        reliability=pack.reliability.astype(np.float32),
    )


def design(
    pack: Pack, *, with_meaning: bool, worth: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], Design]:
    """The matrices of a training set, and the worth of its buckets.

    Args:
        worth: That of other messages, to judge these with what was learned from those.
    """
    counted = count_features([readable(message.text) for message in pack.messages])
    worth = rarity(counted) if worth is None else worth
    row, column, value = sparse_parts(counted, worth)
    n_messages = len(pack.messages)
    dense = np.zeros((0, n_messages))
    if with_meaning:
        gain = _MEANING_GAIN * pack.meaning.step
        dense = np.ascontiguousarray(pack.meaning.levels.T.astype(np.float64) * gain)
    hard = np.zeros((len(INTENTS), n_messages))
    for number, message in enumerate(pack.messages):
        hard[INTENTS.index(message.intent), number] = 1.0
    counts = [_BY_HAND_COUNTS if each.is_handwritten else 1.0 for each in pack.messages]
    soft = np.array(pack.soft).T.reshape(len(INTENTS), n_messages) + 1e-6
    return worth, Design(
        row=row,
        column=column,
        value=value,
        dense=dense,
        hard=hard,
        soft=soft,
        share=np.array(counts) / sum(counts),
    )


def _head(weights: Weights, pack: Pack, temperature: float) -> Head:
    """Whole numbers instead of fractions, and meaning as the encoder gives it."""
    sparse, sparse_steps = _in_levels(weights.sparse)
    dense, bias = _unreduced(weights, pack)
    levels, dense_steps = _in_levels(dense)
    return Head(
        sparse=sparse,
        dense=levels,
        steps=np.stack([sparse_steps, dense_steps], axis=1).astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=temperature,
    )


def _unreduced(weights: Weights, pack: Pack) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights of the encoder's own dimensions, and the bias without their mean."""
    if not weights.dense.size:
        return np.zeros((len(INTENTS), 0)), weights.bias
    full = np.zeros((len(INTENTS), pack.meaning.axes.shape[1]))
    for column, axis in zip(weights.dense.T, pack.meaning.axes.astype(np.float64), strict=True):
        full += _MEANING_GAIN * column[:, None] * axis[None, :]
    shift = np.cumsum(full * pack.meaning.mean.astype(np.float64), axis=1)[:, -1]
    return full, weights.bias - shift


def _in_levels(
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Rows of whole numbers in -127..127, and what one is worth in each row."""
    if not weights.size:
        return np.zeros(weights.shape, dtype=np.int8), np.ones(len(weights))
    steps = np.maximum(np.abs(weights).max(axis=1), 1e-12) / _LEVELS
    return np.rint(weights / steps[:, None]).astype(np.int8), steps
