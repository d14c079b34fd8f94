"""Choosing alpha, temperature and calibration on messages that were held back by group."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from .descent import Recipe, fit, softmax
from .messages import SEED
from .pack import Pack, subset
from .train import Calibration, design

RECIPE_NAME = "recipe.json"
ALPHAS = (0.3, 0.5, 0.7, 1.0)
TEMPERATURES = (1, 2, 4)
_HELD_BACK_SHARE = 0.5
_N_BINS = 10
_COOLINGS = tuple(round(0.2 + 0.05 * i, 2) for i in range(60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One row of the table.

    Attributes:
        accuracy, loss: On the held-back messages; the loss is the mean of -ln(share of the label).
    """

    alpha: float
    temperature: int
    accuracy: float
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen and why.

    Attributes:
        ece: Expected calibration error before and after, by characters and by meaning.
    """

    recipe: Recipe
    calibration: Calibration
    trials: tuple[Trial, ...]
    n_held_back: int
    ece: dict[str, tuple[float, float]]


def split(pack: Pack) -> tuple[Pack, Pack]:
    """What is learned from, and half of the hand-written messages, held back."""
    by_hand = [i for i, message in enumerate(pack.messages) if message.is_handwritten]
    Random(SEED).shuffle(by_hand)  # noqa: S311 - nothing secret
    held = set(by_hand[: int(len(by_hand) * _HELD_BACK_SHARE)])
    rest = [i for i in range(len(pack.messages)) if i not in held]
    return subset(pack, rest), subset(pack, sorted(held))


def choose(pack: Pack, n_steps: int) -> Choice:
    """Try every pair of alpha and temperature by characters; calibrate both layers of the best."""
    learned, held = split(pack)
    trials: list[Trial] = []
    for alpha, temperature in itertools.product(ALPHAS, TEMPERATURES):
        if alpha == 1 and temperature != 1:
            continue  # the teacher does not count, so its temperature does not either
        recipe = Recipe(alpha=alpha, temperature=temperature, n_steps=n_steps)
        found, labels = _held_logits(learned, held, recipe, with_meaning=False)
        _, loss = _best_cooling(found, labels)
        trials.append(
            Trial(
                alpha=alpha,
                temperature=temperature,
                accuracy=round(float((found.argmax(axis=0) == labels).mean()), 4),
                loss=round(loss, 4),
            )
        )
    best = min(trials, key=lambda trial: trial.loss)
    recipe = Recipe(alpha=best.alpha, temperature=best.temperature)
    coolings: dict[str, float] = {}
    ece: dict[str, tuple[float, float]] = {}
    for name, with_meaning in (("characters", False), ("meaning", True)):
        logits, labels = _held_logits(learned, held, recipe, with_meaning=with_meaning)
        coolings[name], _ = _best_cooling(logits, labels)
        before, after = softmax(logits), softmax(logits / coolings[name])
        ece[name] = (calibration_error(before, labels), calibration_error(after, labels))
    return Choice(
        recipe=recipe,
        calibration=Calibration(**coolings),
        trials=tuple(trials),
        n_held_back=len(held.messages),
        ece=ece,
    )


def calibration_error(shares: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """Mean gap between how sure and how often right, over ten bins of sureness.

    Args:
        shares: Shape (n_intents, n_messages).
    """
    sure = shares.max(axis=0)
    right = shares.argmax(axis=0) == labels
    bins = np.minimum((sure * _N_BINS).astype(int), _N_BINS - 1)
    gaps = [
        float(abs(sure[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean())
        for one in set(bins.tolist())
    ]
    return round(sum(gaps), 4)


def _held_logits(
    learned: Pack, held: Pack, recipe: Recipe, *, with_meaning: bool
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    worth, seen = design(learned, with_meaning=with_meaning)
    _, unseen = design(held, with_meaning=with_meaning, worth=worth)
    return fit(seen, recipe).logits(unseen), unseen.hard.argmax(axis=0)


def _best_cooling(logits: NDArray[np.float64], labels: NDArray[np.intp]) -> tuple[float, float]:
    """The temperature with the lowest loss, and that loss."""
    spots = (labels, np.arange(len(labels)))
    losses = [
        float(-np.log(np.maximum(softmax(logits / cooling)[spots], 1e-12)).mean())
        for cooling in _COOLINGS
    ]
    best = int(np.argmin(losses))
    return _COOLINGS[best], losses[best]


def write_choice(choice: Choice, folder: Path) -> None:
    """Keep it beside the training set, with the table it was made from."""
    text = json.dumps(asdict(choice), indent=2)
    (folder / RECIPE_NAME).write_text(text + "\n", encoding="utf-8")


def read_choice(folder: Path) -> tuple[Recipe, Calibration]:
    """What was chosen.

    Raises:
        ValueError: The file is damaged.
        OSError: It cannot be read.
    """
    record = json.loads((folder / RECIPE_NAME).read_text(encoding="utf-8"))
    try:
        return Recipe(**record["recipe"]), Calibration(**record["calibration"])
    except (KeyError, TypeError) as exc:
        raise ValueError(f"{RECIPE_NAME} cannot be read: {exc}") from exc


def table(trials: Sequence[Trial]) -> list[tuple[str, str, str, str]]:
    """The trials as words, in their order."""
    return [
        (f"{each.alpha}", f"{each.temperature}", f"{each.accuracy:.3f}", f"{each.loss:.3f}")
        for each in trials
    ]
