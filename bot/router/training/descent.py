"""Softmax regression by a fixed number of steps, with the same bits on every machine.

Only additions, multiplications, divisions and square roots are used, whose results IEEE 754 fixes,
and every sum has one order: no BLAS, no vectorised exponential, no reduction in pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .design import Design

_LN2 = 0.6931471805599453
_TERMS = 13
_FIRST_DECAY, _SECOND_DECAY, _TINY = 0.9, 0.99, 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a student learns.

    Attributes:
        alpha: Share of the hard labels in the loss, in 0..1; the rest follows the teacher.
        temperature: Softens teacher and student before they are compared; 1, 2 or 4.
        penalty: Weight of the squared weights in the loss.
        n_steps: Steps of the descent.
        rate: Length of the first step; it shrinks linearly to nothing.
    """

    alpha: float
    temperature: int
    penalty: float = 2e-5
    n_steps: int = 160
    rate: float = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What was learned: one row for each intent.

    Attributes:
        sparse: Shape (n_intents, N_BUCKETS).
        dense: Shape (n_intents, n_dimensions); no columns where meaning does not count.
        bias: Shape (n_intents,).
    """

    sparse: NDArray[np.float64]
    dense: NDArray[np.float64]
    bias: NDArray[np.float64]

    def logits(self, design: Design) -> NDArray[np.float64]:
        """Shape (n_intents, n_messages)."""
        return _logits(design, self)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares along the first axis."""
    powers = _exp(logits - logits.max(axis=0))
    total = powers[0].copy()
    for row in powers[1:]:
        total += row
    return powers / total


def softened(shares: NDArray[np.float64], temperature: int) -> NDArray[np.float64]:
    """Shares to the power of 1/temperature, made to add up to 1 again.

    Raises:
        ValueError: The temperature is none of 1, 2 and 4.
    """
    if temperature not in {1, 2, 4}:
        raise ValueError(f"temperature must be 1, 2 or 4, got {temperature}")
    powers = shares
    for _ in range(temperature.bit_length() - 1):
        powers = np.sqrt(powers)
    total = powers[0].copy()
    for row in powers[1:]:
        total += row
    return powers / total


def fit(design: Design, recipe: Recipe) -> Weights:
    """Minimise alpha * CE + (1 - alpha) * T^2 * KL, plus the penalty."""
    teacher = softened(design.soft, recipe.temperature)
    shapes = {
        "sparse": (len(design.hard), design.n_buckets),
        "dense": (len(design.hard), len(design.dense)),
        "bias": (len(design.hard),),
    }
    values = {name: np.zeros(shape) for name, shape in shapes.items()}
    first = {name: np.zeros(shape) for name, shape in shapes.items()}
    second = {name: np.zeros(shape) for name, shape in shapes.items()}
    fade_1 = fade_2 = 1.0
    for step in range(recipe.n_steps):
        fade_1, fade_2 = fade_1 * _FIRST_DECAY, fade_2 * _SECOND_DECAY
        rate = recipe.rate * (1 - step / recipe.n_steps)
        gradients = _gradients(design, Weights(**values), teacher, recipe)
        for name, gradient in gradients.items():
            first[name] += (1 - _FIRST_DECAY) * (gradient - first[name])
            second[name] += (1 - _SECOND_DECAY) * (gradient * gradient - second[name])
            speed = np.sqrt(second[name] / (1 - fade_2)) + _TINY
            values[name] -= rate * (first[name] / (1 - fade_1)) / speed
    return Weights(**values)


def _gradients(
    design: Design, weights: Weights, teacher: NDArray[np.float64], recipe: Recipe
) -> dict[str, NDArray[np.float64]]:
    logits = _logits(design, weights)
    hard = softmax(logits) - design.hard
    soft = softmax(logits / recipe.temperature) - teacher
    # T^2 from the loss, 1/T from the inner derivative.
    slope = recipe.alpha * hard + (1 - recipe.alpha) * recipe.temperature * soft
    slope = slope * design.share
    return {
        "sparse": np.stack([design.gather(row) for row in slope]) + recipe.penalty * weights.sparse,
        "dense": np.stack([design.gather_dense(row) for row in slope])
        + recipe.penalty * weights.dense,
        "bias": np.array([_sum(row) for row in slope]),
    }


def _logits(design: Design, weights: Weights) -> NDArray[np.float64]:
    rows = zip(weights.sparse, weights.dense, weights.bias, strict=True)
    return np.stack(
        [design.spread(sparse) + design.spread_dense(dense) + bias for sparse, dense, bias in rows]
    )


def _sum(values: NDArray[np.float64]) -> float:
    """From the first to the last, one after another."""
    return float(np.cumsum(values)[-1])


def _exp(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """e to the power of values <= 0, by its series on a small interval."""
    halvings = np.rint(values / _LN2)
    rest = values - halvings * _LN2
    result = np.ones_like(rest)
    for term in range(_TERMS, 0, -1):
        result = 1 + rest * result / term
    return np.ldexp(result, np.maximum(halvings, -1000).astype(np.int64))
