"""How well unusual courses of events are told from usual ones, without training."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from bot.skills.logs.miner import Miner
from bot.skills.logs.sessions import unusual

_TOKENS = re.compile(rb"[\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Found against labelled; shares are in [0, 1]."""

    precision: float
    recall: float
    f1: float
    n_found: int
    n_labelled: int
    n_all: int


def detection_of(found: AbstractSet[str], anomalous: AbstractSet[str], n_all: int) -> Detection:
    """Compare what was found with what is labelled anomalous."""
    n_right = len(found & anomalous)
    n_either = len(found) + len(anomalous)
    return Detection(
        precision=n_right / len(found) if found else 0.0,
        recall=n_right / len(anomalous) if anomalous else 0.0,
        f1=2 * n_right / n_either if n_either else 0.0,
        n_found=len(found),
        n_labelled=len(anomalous),
        n_all=n_all,
    )


def labels_of(path: Path) -> dict[str, bool]:
    """Read which sessions are anomalous, from a packed CSV file with an id and 0 or 1 a row.

    Raises:
        ValueError: It has no rows, or a row is not like that.
        OSError: It cannot be read.
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    if not rows or any(len(row) != 2 or row[1] not in ("0", "1") for row in rows):
        raise ValueError(f"{path} is not a list of ids with 0 or 1")
    return {name: label == "1" for name, label in rows}


def sessions_of(lines: Iterable[bytes], names: AbstractSet[str]) -> dict[str, set[str]]:
    """The messages of each session: a line belongs to every session that it names."""
    miner = Miner()
    shaped = [(line, miner.shape_of(line)) for line in lines]
    ids = {id(shape): shape.template.root.template_id for _, shape in shaped}
    sessions: dict[str, set[str]] = {name: set() for name in names}
    for line, shape in shaped:
        for token in set(_TOKENS.findall(line)):
            messages = sessions.get(token.decode("utf-8", "replace"))
            if messages is not None:
                messages.add(ids[id(shape)])
    return sessions


def detect(lines: Iterable[bytes], labels: Mapping[str, bool]) -> Detection:
    """Find the unusual sessions and compare with the labels."""
    found = unusual(sessions_of(lines, labels.keys()))
    return detection_of(
        found.keys(), {name for name, is_bad in labels.items() if is_bad}, len(labels)
    )
