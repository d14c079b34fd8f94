"""The teacher: a message's own label, the hand-written rules and the model, weighed by evidence.

Each of them is a witness. How far one is believed follows from how often it is right: the rules say
so themselves, and the model's answers are counted against the labels, one table for each prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.messages import Intent

from ..rules import decide
from ..student import INTENTS

_LABEL_TRUST = 0.94
_DIGITS = 4
_DOUBT = 1.0
"""Answers of every kind that each table begins with, so that nothing is impossible."""


def reliability(
    asked: Iterable[tuple[Intent, Sequence[Intent]]], n_prompts: int
) -> NDArray[np.float64]:
    """How often each prompt gives an answer for an intent, shape (n_prompts, n, n), rows add up to 1.

    Args:
        asked: The label and the answers, one for each prompt.
    """
    counts = np.full((n_prompts, len(INTENTS), len(INTENTS)), _DOUBT)
    for label, answers in asked:
        for prompt, answer in enumerate(answers):
            counts[prompt, INTENTS.index(label), INTENTS.index(answer)] += 1
    shares: NDArray[np.float64] = counts / counts.sum(axis=2, keepdims=True)
    return shares.round(_DIGITS)


def soft_label(
    text: str, label: Intent, answers: Sequence[Intent], tables: NDArray[np.float64]
) -> tuple[float, ...]:
    """The teacher's shares, one for each intent; they add up to 1 but for rounding.

    Args:
        answers: The model's, one for each prompt; empty when it was not asked.
        tables: What `reliability` counted.
    """
    shares = _spread(_LABEL_TRUST, label)
    rule = decide(text)
    if rule is not None:
        shares = shares * _spread(rule.confidence, rule.intent)
    for prompt, answer in enumerate(answers):
        shares = shares * tables[prompt, :, INTENTS.index(answer)]
    return tuple(round(float(share), _DIGITS) for share in shares / shares.sum())


def _spread(trust: float, intent: Intent) -> NDArray[np.float64]:
    shares = np.full(len(INTENTS), (1 - trust) / (len(INTENTS) - 1))
    shares[INTENTS.index(intent)] = trust
    return shares
