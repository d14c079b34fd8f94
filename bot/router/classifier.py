"""From labelled examples to scores: kernel ridge regression, solved once, in closed form.

A score is a weighted vote of all examples, where a similar example counts more. The similarity is
that of the characters plus, when there are embeddings, that of the meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.messages import Intent

from .examples import Example
from .ngrams import NgramSpace

_RIDGE = 0.3
_MEANING_SHARPNESS = 2.0
_CONFIDENCE_SHARPNESS = 6.0
_INTENTS = tuple(Intent)


class Classifier:
    """Scores intents for a text.

    Args:
        examples: What to learn from.
        space: Of the examples' texts, in the same order.
        embeddings: The examples' unit vectors, shape (n_examples, n_dimensions), or None to
            judge by characters alone.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        space: NgramSpace,
        embeddings: NDArray[np.float32] | None = None,
    ) -> None:
        self._space = space
        self._embeddings = embeddings
        matrix = self._space.matrix
        kernel = matrix @ matrix.T
        if embeddings is not None:
            kernel = kernel + _meaning(embeddings, embeddings)
        kernel[np.diag_indices_from(kernel)] += _RIDGE
        self._votes: NDArray[np.float32] = np.linalg.solve(kernel, _targets(examples)).astype(
            np.float32
        )
        # The vote by characters is linear, so it folds into one weight per feature and intent.
        self._feature_weights: NDArray[np.float32] = matrix.T @ self._votes

    @property
    def needs_embedding(self) -> bool:
        """Whether `shares` must be given the text's vector."""
        return self._embeddings is not None

    def shares(
        self, text: str, embedding: NDArray[np.float32] | None = None
    ) -> Mapping[Intent, float]:
        """How sure each intent is; the shares add up to 1.

        Args:
            embedding: The text's unit vector, shape (n_dimensions,); required exactly when
                `needs_embedding`.
        """
        scores = self._space.vector(text) @ self._feature_weights
        if self._embeddings is not None and embedding is not None:
            scores = scores + _meaning(self._embeddings, embedding[None, :])[:, 0] @ self._votes
        weights = np.exp(_CONFIDENCE_SHARPNESS * (scores - scores.max()))
        return {
            intent: float(weight / weights.sum())
            for intent, weight in zip(_INTENTS, weights, strict=True)
        }


def _meaning(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Similarity of unit vectors in (0, 1], shape (len(one), len(other))."""
    return np.exp(_MEANING_SHARPNESS * (one @ other.T - 1)).astype(np.float32)


def _targets(examples: Sequence[Example]) -> NDArray[np.float32]:
    columns = [_INTENTS.index(example.intent) for example in examples]
    return np.eye(len(_INTENTS), dtype=np.float32)[columns]
