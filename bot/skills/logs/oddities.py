"""What a look at logs could not read or found odd, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .analysis import Analysis, ServiceAnalysis
from .numbers import count_text


def oddities(analysis: Analysis) -> tuple[str, ...]:
    """One sentence for each: what a source said, then lines that were cut or are not clean."""
    counted = (text for each in analysis.services for text in _counted(each))
    return (*analysis.problems, *counted)


def _counted(each: ServiceAnalysis) -> Iterator[str]:
    intake = each.intake
    if intake.n_undecodable:
        yield f"{each.service}: {count_text(intake.n_undecodable, 'line')} not in UTF-8"
    if intake.n_cut:
        lines = count_text(intake.n_cut, "line")
        yield f"{each.service}: {lines} longer than 64 KiB, only the beginning read"
    if each.n_backwards:
        yield f"{each.service}: the clock went back {count_text(each.n_backwards, 'time')}"
