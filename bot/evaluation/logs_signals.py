"""Whether a digest keeps what a person needs in order to explain a failed job. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing that has to be in the evidence.

    Attributes:
        texts: Spellings, of which any one is enough: the value, its aliases, or a file's path.
    """

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """How much of what is critical was kept.

    Attributes:
        recall: Mean over the cases of the share of their critical signals; 0 to 1.
        n_kept: Signals kept, over all cases.
        n_signals: Critical signals, over all cases.
        n_tokens_max: Tokens of the longest digest.
        missed: "case: signal" of those that were not kept.
    """

    recall: float
    n_kept: int
    n_signals: int
    n_tokens_max: int
    missed: tuple[str, ...]


def critical_signals(truth: Mapping[str, object]) -> tuple[Signal, ...]:
    """The critical signals of a labelled case.

    Raises:
        ValueError: The label has no list of signals, or a signal has no text.
    """
    listed = truth.get("required_signals")
    if not isinstance(listed, list):
        raise ValueError("a labelled case has no list required_signals")  # noqa: TRY004 - data
    signals = cast("list[dict[str, object]]", listed)
    return tuple(_signal(each) for each in signals if each.get("importance") == "critical")


def _signal(fields: Mapping[str, object]) -> Signal:
    aliases = cast("list[object]", fields.get("aliases") or [])
    spelt = (fields.get("value"), *aliases, fields.get("file"))
    texts = tuple(text for each in spelt if isinstance(each, str) and (text := each.strip()))
    if not texts:
        raise ValueError("a labelled signal has neither a value nor a file")
    return Signal(texts=texts)


def missing(signals: Sequence[Signal], text: str) -> tuple[Signal, ...]:
    """The signals of which no spelling is in the text, letter by letter."""
    return tuple(each for each in signals if not any(part in text for part in each.texts))


def recall_of(
    cases: Mapping[str, tuple[Sequence[Signal], Sequence[Signal]]], n_tokens_max: int
) -> Recall:
    """Put the cases together; those without critical signals are left out.

    Args:
        cases: By name: the critical signals, and those of them that were missed.
    """
    counted = {name: pair for name, pair in cases.items() if pair[0]}
    shares = [1 - len(missed) / len(signals) for signals, missed in counted.values()]
    n_signals = sum(len(signals) for signals, _ in counted.values())
    lost = tuple(f"{name}: {s.texts[0]}" for name, (_, ms) in counted.items() for s in ms)
    return Recall(
        recall=fmean(shares) if shares else 0.0,
        n_kept=n_signals - len(lost),
        n_signals=n_signals,
        n_tokens_max=n_tokens_max,
        missed=lost,
    )
