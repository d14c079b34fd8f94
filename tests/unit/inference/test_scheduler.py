from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.request import Priority
from inference.scheduler import (
    Job,
    SchedulerOptions,
    effective_classes,
    next_to_preempt,
    plan_batch,
)

OPTIONS = SchedulerOptions(n_batch=32, n_chunk=16)


@st.composite
def job_lists(draw: st.DrawFn) -> list[Job]:
    n = draw(st.integers(min_value=1, max_value=12))
    jobs: list[Job] = []
    for key in range(n):
        is_decoding = draw(st.booleans())
        is_admitted = is_decoding or draw(st.booleans())
        blocker = None if is_admitted else draw(st.none() | st.integers(0, n - 1))
        jobs.append(
            Job(
                key=key,
                priority=draw(st.sampled_from(Priority)),
                n_rows=1 if is_decoding else draw(st.integers(1, 500)),
                is_decoding=is_decoding,
                n_draft=draw(st.integers(0, 9)) if is_decoding else 0,
                waited_s=draw(st.floats(0, 100)),
                is_admitted=is_admitted,
                blocked_by=blocker if blocker != key else None,
                n_cells=draw(st.integers(0, 100)) if is_admitted else 0,
            )
        )
    return jobs


@st.composite
def options(draw: st.DrawFn) -> SchedulerOptions:
    n_batch = draw(st.integers(1, 64))
    return SchedulerOptions(
        n_batch=n_batch,
        n_chunk=draw(st.integers(1, n_batch)),
        mixes_classes=draw(st.booleans()),
    )


@given(job_lists(), options())
def test_a_batch_never_exceeds_its_rows_nor_a_chunk_of_prefill(
    jobs: list[Job], chosen: SchedulerOptions
) -> None:
    by_key = {job.key: job for job in jobs}
    shares = plan_batch(jobs, chosen)
    assert sum(share.n_rows + share.n_draft for share in shares) <= chosen.n_batch
    prefilled = sum(share.n_rows for share in shares if not by_key[share.key].is_decoding)
    assert prefilled <= chosen.n_chunk
    decoded = sum(share.n_rows for share in shares if by_key[share.key].is_decoding)
    if prefilled and decoded:
        assert prefilled + decoded <= max(chosen.n_chunk, decoded + (chosen.n_chunk + 1) // 2)
    for share in shares:
        assert 1 <= share.n_rows <= by_key[share.key].n_rows
        assert share.n_draft <= by_key[share.key].n_draft


@given(job_lists(), options())
def test_only_admitted_jobs_get_rows_and_somebody_always_does(
    jobs: list[Job], chosen: SchedulerOptions
) -> None:
    by_key = {job.key: job for job in jobs}
    shares = plan_batch(jobs, chosen)
    assert all(by_key[share.key].is_admitted for share in shares)
    assert len({share.key for share in shares}) == len(shares)
    assert bool(shares) == any(job.is_admitted for job in jobs)


@given(job_lists())
def test_worse_classes_wait_unless_rows_are_free_of_cost(jobs: list[Job]) -> None:
    classes = effective_classes(jobs, OPTIONS)
    shares = plan_batch(jobs, OPTIONS)
    assert len({classes[share.key] for share in shares}) <= 1


@given(job_lists())
def test_whoever_somebody_waits_for_counts_as_much_as_who_waits(jobs: list[Job]) -> None:
    classes = effective_classes(jobs, OPTIONS)
    for job in jobs:
        assert classes[job.key] <= job.priority
        if job.blocked_by is not None:
            assert classes[job.blocked_by] <= classes[job.key]


def test_answers_in_progress_ride_along_with_a_prefill() -> None:
    answer = Job(key=1, priority=Priority.INTERACTIVE, n_rows=1, is_decoding=True, n_draft=5)
    prompt = Job(key=2, priority=Priority.INTERACTIVE, n_rows=200)
    shares = plan_batch([prompt, answer], OPTIONS)
    assert [(s.key, s.n_rows, s.n_draft) for s in shares] == [(1, 1, 0), (2, 15, 0)]


def test_the_shortest_remaining_prefill_goes_first_and_shares_its_chunk() -> None:
    digest = Job(key=1, priority=Priority.INTERACTIVE, n_rows=6000)
    question = Job(key=2, priority=Priority.INTERACTIVE, n_rows=10)
    shares = plan_batch([digest, question], OPTIONS)
    assert [(share.key, share.n_rows) for share in shares] == [(2, 10), (1, 6)]


def test_waiting_makes_a_prefill_look_shorter() -> None:
    digest = Job(key=1, priority=Priority.INTERACTIVE, n_rows=6000, waited_s=100.0)
    question = Job(key=2, priority=Priority.INTERACTIVE, n_rows=10)
    assert plan_batch([digest, question], OPTIONS)[0].key == 1


def test_background_work_that_starves_gets_a_step_and_eager_work_does_not() -> None:
    person = Job(key=1, priority=Priority.INTERACTIVE, n_rows=1, is_decoding=True)
    digest = Job(key=2, priority=Priority.BACKGROUND, n_rows=90, waited_s=21.0)
    eager = Job(key=3, priority=Priority.EAGER, n_rows=90, waited_s=9000.0)
    assert [share.key for share in plan_batch([person, digest, eager], OPTIONS)] == [1, 2]


def test_drafts_are_verified_when_there_is_nothing_to_prefill() -> None:
    jobs = [
        Job(key=i, priority=Priority.INTERACTIVE, n_rows=1, is_decoding=True, n_draft=20)
        for i in range(2)
    ]
    assert [(s.n_rows, s.n_draft) for s in plan_batch(jobs, OPTIONS)] == [(1, 20), (1, 10)]


def test_the_youngest_background_job_gives_up_its_cells() -> None:
    old = Job(key=1, priority=Priority.BACKGROUND, n_rows=1, n_cells=5)
    young = Job(key=3, priority=Priority.BACKGROUND, n_rows=1, n_cells=5)
    person = Job(key=4, priority=Priority.INTERACTIVE, n_rows=1, n_cells=5)
    waiting = Job(key=5, priority=Priority.BACKGROUND, n_rows=1, is_admitted=False)
    beneficiary = Job(key=2, priority=Priority.INTERACTIVE, n_rows=1, n_cells=1)
    assert next_to_preempt([old, young, person, waiting, beneficiary], beneficiary) is young


@given(job_lists())
def test_two_jobs_never_take_each_others_cells_in_turn(jobs: list[Job]) -> None:
    for one in jobs:
        victim = next_to_preempt(jobs, one)
        if victim is not None:
            assert victim is not one
            assert next_to_preempt([one], victim) is None
