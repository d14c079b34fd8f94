"""Whose rows go into the next batch. Pure policy: plain values in, a plan out.

One step computes one batch. Decode rows come first, because each continues an answer somebody is
reading; prefill fills them up to a chunk, so that no answer ever stalls for longer than a chunk
takes. The decode rows are part of the chunk: llama.cpp computes rows in tiles, and on a CPU the
first row of another tile costs as much as thirty more in the same one. Among prefills the shortest remaining one goes first and waiting makes a
prefill look shorter, so that a question does not wait behind a long digest and nobody starves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .request import Priority

DEFAULT_CHUNK = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the policy knows of a live request.

    Attributes:
        key: Rank of arrival; unique, smaller came first.
        n_rows: Tokens that must be computed before the next one can be sampled, >= 1.
        is_decoding: Whether it has begun to answer.
        n_draft: Guessed tokens that would like to be verified with the next one.
        waited_s: Seconds since it last had rows, or since it arrived.
        is_admitted: Whether it has a sequence and may have rows.
        blocked_by: Key of a job that is computing a prefix this one will share; None: nobody.
        n_cells: Cells it holds alone or shared.
    """

    key: int
    priority: Priority
    n_rows: int
    is_decoding: bool = False
    n_draft: int = 0
    waited_s: float = 0.0
    is_admitted: bool = True
    blocked_by: int | None = None
    n_cells: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerOptions:
    """How batches are filled.

    Attributes:
        n_batch: Most rows in one step.
        n_chunk: Most rows in a step with prefill, <= n_batch. Half of them are left to prefill,
            however many answers are in progress.
        ageing: Tokens by which a prefill looks shorter for each second it has waited.
        promote_s: A background job that had no rows for so long gets a step like an interactive
            one. Eager jobs are never promoted: they are allowed to starve.
        mixes_classes: Whether a worse class may use rows that a better one leaves over. Worth it
            only where more rows cost next to nothing, as on GPUs.
    """

    n_batch: int
    n_chunk: int
    ageing: float = 64.0
    promote_s: float = 20.0
    mixes_classes: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.n_chunk <= self.n_batch:
            raise ValueError(f"n_chunk must be within 1..{self.n_batch}, got {self.n_chunk}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Rows of the next batch for one job: prompt or pending tokens, then drafted ones."""

    key: int
    n_rows: int
    n_draft: int = 0


def plan_batch(jobs: Sequence[Job], options: SchedulerOptions) -> tuple[Share, ...]:
    """Fill the next batch.

    Returns:
        At least one share if any job is admitted and not blocked; never more than `n_batch` rows.
    """
    classes = effective_classes(jobs, options)
    runnable = [job for job in jobs if job.is_admitted and job.blocked_by is None]
    if not runnable:
        return ()
    if not options.mixes_classes:
        best = min(classes[job.key] for job in runnable)
        runnable = [job for job in runnable if classes[job.key] is best]
    decodes = sorted(
        (job for job in runnable if job.is_decoding), key=lambda job: (classes[job.key], job.key)
    )
    prefills = in_prefill_order((job for job in runnable if not job.is_decoding), classes, options)
    n_decoded, shares = _decode_shares(decodes, options.n_batch)
    n_left = max(options.n_chunk - n_decoded, (options.n_chunk + 1) // 2)
    n_left = min(n_left, options.n_batch - n_decoded)
    if not prefills:
        return tuple(_with_drafts(shares, decodes, options.n_batch - n_decoded))
    for job in prefills:
        n_rows = min(job.n_rows, n_left)
        if n_rows > 0:
            shares.append(Share(key=job.key, n_rows=n_rows))
            n_left -= n_rows
    return tuple(shares)


def in_prefill_order(
    jobs: Iterable[Job], classes: Mapping[int, Priority], options: SchedulerOptions
) -> list[Job]:
    """Sort jobs that have not begun to answer: class, then aged remaining prefill, then arrival."""
    return sorted(
        jobs,
        key=lambda job: (
            classes[job.key],
            job.n_rows - options.ageing * job.waited_s,
            job.key,
        ),
    )


def effective_classes(jobs: Sequence[Job], options: SchedulerOptions) -> dict[int, Priority]:
    """Each job's class, lifted by ageing and by better jobs that wait for its prefix."""
    classes = {job.key: _aged_class(job, options) for job in jobs}
    for _ in jobs:
        changed = False
        for job in jobs:
            source = job.blocked_by
            if source in classes and classes[job.key] < classes[source]:
                classes[source] = classes[job.key]
                changed = True
        if not changed:
            break
    return classes


def next_to_preempt(jobs: Iterable[Job], beneficiary: Job) -> Job | None:
    """Choose who gives up its cells: the worst class, then the youngest.

    Only somebody behind the beneficiary qualifies, by class or by arrival, so that two jobs never
    take each other's cells in turn.
    """
    rank = (beneficiary.priority, beneficiary.key)
    behind = [
        job
        for job in jobs
        if job.is_admitted and job.n_cells > 0 and (job.priority, job.key) > rank
    ]
    return max(behind, key=lambda job: (job.priority, job.key), default=None)


def _aged_class(job: Job, options: SchedulerOptions) -> Priority:
    if job.priority is Priority.BACKGROUND and job.waited_s >= options.promote_s:
        return Priority.INTERACTIVE
    return job.priority


def _decode_shares(decodes: Sequence[Job], n_batch: int) -> tuple[int, list[Share]]:
    """One share for each answer in progress, while there are rows."""
    shares: list[Share] = []
    n_used = 0
    for job in decodes:
        n_rows = min(job.n_rows, n_batch - n_used)
        if n_rows > 0:
            shares.append(Share(key=job.key, n_rows=n_rows))
            n_used += n_rows
    return n_used, shares


def _with_drafts(shares: Sequence[Share], jobs: Sequence[Job], n_left: int) -> Iterable[Share]:
    """Add drafted rows, in a batch of decode rows only: elsewhere they would delay a prefill."""
    wanted = {job.key: (job.n_draft, job.n_rows) for job in jobs}
    for share in shares:
        n_draft, n_rows = wanted[share.key]
        n_draft = min(n_draft, n_left) if share.n_rows == n_rows else 0
        n_left -= n_draft
        yield Share(key=share.key, n_rows=share.n_rows, n_draft=n_draft)
