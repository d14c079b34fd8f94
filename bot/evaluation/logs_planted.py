"""Logs with a known change in them, and pairs of logs without one; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.messages import Change
from bot.skills.logs.analysis import Analysis, Window, analyse, analyse_against
from bot.skills.logs.sources import TextStream

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LENGTH_S = 600
PLANTED_FROM_S = 400
_NOUNS = ("cache", "order", "session", "index", "report", "invoice", "profile", "basket", "ledger")
_VERBS = ("stored", "loaded", "refreshed", "queued", "compared", "archived", "resumed", "verified")
_FAULTS = ("handshake rejected by peer", "quota exhausted for tenant", "checksum mismatch in page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many planted changes of one kind were found."""

    kind: str
    n_found: int
    n: int


@dataclass(frozen=True, slots=True)
class _Line:
    at: datetime
    level: str
    source: str
    text: str


def _iso(line: _Line) -> str:
    return f"{line.at:%Y-%m-%dT%H:%M:%S}.{line.at.microsecond // 1000:03d}Z {line.level} {line.source}: {line.text}"


def _syslog(line: _Line) -> str:
    return f"{line.at:%b %d %H:%M:%S} node7 {line.source}[{4000 + len(line.source)}]: {line.level} {line.text}"


def _json(line: _Line) -> str:
    text = line.text.replace('"', "'")
    return (
        f'{{"ts":"{line.at:%Y-%m-%dT%H:%M:%S}.000Z","level":"{line.level.lower()}",'
        f'"logger":"{line.source}","msg":"{text}"}}'
    )


def _logfmt(line: _Line) -> str:
    text = line.text.replace('"', "'")
    return (
        f"time={line.at:%Y-%m-%dT%H:%M:%S}Z level={line.level.lower()} "
        f'component={line.source} msg="{text}"'
    )


FORMATS: dict[str, Callable[[_Line], str]] = {
    "iso": _iso,
    "syslog": _syslog,
    "json": _json,
    "logfmt": _logfmt,
}


def _background(rng: random.Random) -> list[_Line]:
    """Ten messages at steady rates, and requests that are nearly all answered with 200."""
    pairs = [(noun, verb) for noun in _NOUNS for verb in _VERBS]
    messages = rng.sample(pairs, 10)
    lines: list[_Line] = []
    for noun, verb in messages:
        rate = rng.choice((0.2, 0.5, 1.0, 2.0))
        for second in _times(rng, rate, 0, LENGTH_S):
            text = f"{noun} {rng.randrange(9999)} {verb} in {rng.randrange(1, 90)} ms"
            lines.append(_Line(_at(second), "INFO", noun, text))
    for second in _times(rng, 2.0, 0, LENGTH_S):
        status = 404 if rng.random() < 0.02 else 200
        lines.append(_request(rng, second, status))
    return lines


def _request(rng: random.Random, second: float, status: int) -> _Line:
    text = f"GET /items/{rng.randrange(999)} {status} {rng.randrange(1, 90)} ms"
    return _Line(_at(second), "INFO", "http", text)


def _times(rng: random.Random, rate: float, start: float, end: float) -> list[float]:
    """Moments at random with a mean rate per second."""
    found: list[float] = []
    second = start + rng.expovariate(rate)
    while second < end:
        found.append(second)
        second += rng.expovariate(rate)
    return found


def _at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def _plant(kind: str, lines: list[_Line], rng: random.Random) -> tuple[list[_Line], str]:
    """Put one change into a log.

    Returns:
        The lines, and a text that only the changed message has.
    """
    if kind == "new":
        fault = rng.choice(_FAULTS)
        seconds = _times(rng, 0.2, PLANTED_FROM_S, LENGTH_S)
        return [*lines, *(_Line(_at(s), "ERROR", "peer", fault) for s in seconds)], fault
    if kind == "enum shift":
        kept = [ln for ln in lines if ln.source != "http" or ln.at < _at(PLANTED_FROM_S)]
        seconds = _times(rng, 2.0, PLANTED_FROM_S, LENGTH_S)
        return [
            *kept,
            *(_request(rng, s, 503 if rng.random() < 0.5 else 200) for s in seconds),
        ], "503"
    by_source = sorted({line.source for line in lines} - {"http"})
    chosen = max(by_source, key=lambda name: sum(line.source == name for line in lines))
    if kind == "silence":
        return [ln for ln in lines if ln.source != chosen or ln.at < _at(PLANTED_FROM_S)], chosen
    usual = [line for line in lines if line.source == chosen]
    rate = 9 * len(usual) / LENGTH_S
    more = [
        _Line(_at(s), "INFO", chosen, rng.choice(usual).text)
        for s in _times(rng, rate, PLANTED_FROM_S, LENGTH_S)
    ]
    return [*lines, *more], chosen


_EXPECTED = {
    "new": (Change.NEW,),
    "burst": (Change.RISING,),
    "silence": (Change.GONE, Change.FALLING),
    "enum shift": (Change.NEW, Change.RISING),
}
KINDS = tuple(_EXPECTED)


def _written(lines: Sequence[_Line], form: str) -> str:
    ordered = sorted(lines, key=lambda line: line.at)
    return "\n".join(FORMATS[form](line) for line in ordered)


def _looked_at(text: str) -> Analysis:
    end = _at(LENGTH_S)
    half = LENGTH_S / 2
    window = Window(start=end - timedelta(seconds=half), end=end, baseline_s=half)
    return analyse({"log": (TextStream(name="log", text=text),)}, window, end)


def _apart(lines: Sequence[_Line], form: str) -> Analysis:
    """The second half of a log against its first half, each a log of its own."""
    cut = _at(LENGTH_S / 2)
    old = [line for line in lines if line.at < cut]
    new = [line for line in lines if line.at >= cut]
    return _against(_written(old, form), _written(new, form))


def _against(old: str, new: str) -> Analysis:
    before, after = (TextStream(name="log", text=text) for text in (old, new))
    return analyse_against({"log": (after,)}, (before,), START)


def finds(kind: str, form: str, seed: int, *, apart: bool = False) -> bool:
    """Whether a planted change is found, with its own message and as what it is.

    Args:
        apart: What is before is a log of its own, not the beginning of the same.
    """
    rng = random.Random(f"{kind}-{form}-{seed}")  # noqa: S311 - no secret
    lines, marker = _plant(kind, _background(rng), rng)
    analysis = _apart(lines, form) if apart else _looked_at(_written(lines, form))
    movements = analysis.movements
    return any(
        moved.change in _EXPECTED[kind] and marker in moved.row.pattern for moved in movements
    )


def found_of(kind: str, n_seeds: int) -> Found:
    """How many changes of a kind are found, over all notations and both kinds of baseline."""
    outcomes = [
        finds(kind, form, seed, apart=apart)
        for form in FORMATS
        for seed in range(n_seeds)
        for apart in (False, True)
    ]
    return Found(kind=kind, n_found=sum(outcomes), n=len(outcomes))


def false_in_time(form: str, seed: int) -> list[str]:
    """Findings in a log in which nothing changes."""
    rng = random.Random(f"null-{form}-{seed}")  # noqa: S311 - no secret
    return _changed(_looked_at(_written(_background(rng), form)))


def false_in_parts(form: str, seed: int) -> list[str]:
    """Likewise, with its two halves as logs of their own."""
    rng = random.Random(f"null-{form}-{seed}")  # noqa: S311 - no secret
    return _changed(_apart(_background(rng), form))


def false_in_split(lines: Sequence[str], seed: int, share: float = 0.5) -> list[str]:
    """Findings between the two parts of a log that was divided line by line at random.

    Args:
        share: About how much of the lines the newer log gets, 0 to 1.
    """
    rng = random.Random(f"halves-{seed}")  # noqa: S311 - no secret
    parts: tuple[list[str], list[str]] = ([], [])
    for line in lines:
        parts[rng.random() >= 1 - share].append(line)
    return _changed(_against(*("\n".join(part) for part in parts)))


def _changed(analysis: Analysis) -> list[str]:
    return [
        f"{moved.label} {moved.n_lines} {moved.row.pattern}"
        for moved in analysis.movements
        if moved.change is not Change.STEADY
    ]
