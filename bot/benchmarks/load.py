"""The load over one endpoint or two in turn, so that only one side computes at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .load_figures import SideFigures, ratios, side_figures
from .load_run import Asker, LoadRun, run_load
from .ops_load import OpsLoad


class Side(Asker, Protocol):
    """An endpoint with a name."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The two endpoints at one concurrency."""

    concurrency: int
    ratios: dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """Everything that a load gave.

    Attributes:
        sides: One entry for each endpoint and concurrency.
        comparisons: First endpoint over second, one for each concurrency; empty with one endpoint.
    """

    n_rounds: int
    sides: tuple[SideFigures, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def n_failed(self) -> int:
        """Requests that were not answered."""
        return sum(side.n_failed for side in self.sides)


async def measure_load(
    sides: Sequence[Side],
    load: OpsLoad,
    *,
    concurrencies: Sequence[int],
    n_rounds: int,
    progress: Callable[[str], None],
) -> LoadResult:
    """Run the load `n_rounds` times at each concurrency, in each round over each side in turn.

    Prompts are new in every round, and in a round the same for all sides, so that none finds
    anything in its cache that it has not computed in this round. Before the first round each side
    answers one short request that does not count.
    """
    for side in sides:
        progress(f"{side.name}: first touch")
        await side.ask([{"role": "user", "content": "Say yes."}], 1)
    runs: dict[tuple[int, str], list[LoadRun]] = {}
    for round_ in range(1, n_rounds + 1):
        for concurrency in concurrencies:
            for side in sides:
                progress(f"round {round_} of {n_rounds}: {side.name}, concurrency {concurrency}")
                salt = f"{load.seed}-{concurrency}-{round_}"
                run = await run_load(side, load, concurrency=concurrency, salt=salt)
                runs.setdefault((concurrency, side.name), []).append(run)
    figures = [side_figures(name, concurrency, each) for (concurrency, name), each in runs.items()]
    return LoadResult(
        n_rounds=n_rounds, sides=tuple(figures), comparisons=_compare(figures, concurrencies)
    )


def _compare(
    figures: Sequence[SideFigures], concurrencies: Sequence[int]
) -> tuple[Comparison, ...]:
    found: list[Comparison] = []
    for concurrency in concurrencies:
        match [each for each in figures if each.concurrency == concurrency]:
            case [ours, theirs]:
                found.append(Comparison(concurrency=concurrency, ratios=ratios(ours, theirs)))
            case _:
                pass
    return tuple(found)
