"""What becomes of a run that the store says is running."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runbooks.actions.kinds import Action, CommandAction, ManualAction, WaitAction
from runbooks.binding import BoundStep
from runbooks.case import open_case
from runbooks.lifecycle import ProposalState
from runbooks.proposal import ActorRef, Place, Plan, RunbookRef, seal
from runbooks.recovery import Fate, as_begun, fate, longest_s, too_old, unknown_reason
from runbooks.runner import is_gone, this_runner
from runbooks.schema import Retry, Risk, Verify
from runbooks.store import StepRecord, StepState, StoredProposal

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
TRUE = CommandAction(argv=("true",), timeout_s=10)


def step(step_id: str, action: Action = TRUE, risk: Risk = Risk.LOW) -> BoundStep:
    return BoundStep(step_id=step_id, title=step_id, risk=risk, action=action)


def running(*steps: BoundStep, began: tuple[StepRecord, ...] = ()) -> StoredProposal:
    plan = Plan(
        runbook=RunbookRef(name="demo", title="Demo", version=1, digest="0" * 64),
        parameters={},
        steps=steps,
        environment="test",
        target="local",
        run_as="a@b",
        environment_names=(),
        executables={},
        why="",
        evidence=(),
        previews=(),
        requester=ActorRef(team_id="T", user_id="U", name="ada"),
        where=Place(channel_id="", thread_ts=""),
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
        risk=Risk.LOW,
        n_approvals=1,
    )
    payload, sha256 = seal(plan)
    return StoredProposal(
        proposal_id=1,
        payload=payload,
        sha256=sha256,
        state=ProposalState.RUNNING,
        reason="running",
        changed_at=NOW,
        runner=this_runner(),
        steps=began,
    )


def begun(position: int, state: StepState, detail: str = "") -> StepRecord:
    return StepRecord(
        position=position, step_id=f"s{position}", state=state, started_at=NOW, detail=detail
    )


def judged(stored: StoredProposal, *, gone: bool = True, after_s: float = 1.0) -> Fate:
    return fate(stored, NOW + timedelta(seconds=after_s), lambda _: gone)


@pytest.mark.parametrize(
    ("bound", "resumable"),
    [
        (step("a"), False),
        (step("a", risk=Risk.HIGH), False),
        (step("a", risk=Risk.READ_ONLY), True),
        (step("a", WaitAction(seconds=5)), True),
        (step("a", ManualAction(instructions="x")), True),
    ],
)
def test_only_a_step_that_may_be_repeated_goes_on_from_its_middle(
    bound: BoundStep, resumable: bool
) -> None:
    found = judged(running(bound, began=(begun(0, StepState.STARTED),)))
    assert found is (Fate.RESUMABLE if resumable else Fate.UNKNOWN)


@pytest.mark.parametrize("state", [StepState.SUCCEEDED, StepState.FAILED, StepState.SKIPPED])
def test_a_step_whose_end_is_stored_lets_the_run_go_on(state: StepState) -> None:
    assert judged(running(step("a"), step("b"), began=(begun(0, state),))) is Fate.RESUMABLE


def test_only_the_check_is_missing_after_an_action_that_ended_well() -> None:
    checked = replace(step("a"), verify=Verify(action=TRUE))
    assert judged(running(checked, began=(begun(0, StepState.STARTED, "exit 0"),))) is (
        Fate.RESUMABLE
    )


def test_every_step_that_nobody_knows_of_is_named() -> None:
    stored = running(
        step("s0"),
        step("s1"),
        step("s2"),
        began=(
            begun(0, StepState.STARTED),
            begun(1, StepState.SUCCEEDED),
            begun(2, StepState.STARTED),
        ),
    )
    assert "in step 's0', 's2'" in unknown_reason(stored)


def test_a_living_process_of_this_machine_keeps_its_run_however_long() -> None:
    assert judged(running(step("a")), gone=False, after_s=1e6) is Fate.ALIVE


def test_a_process_of_another_machine_has_as_long_as_its_run_can_take() -> None:
    elsewhere = replace(running(step("a")), runner="elsewhere/1/1.00")
    assert judged(elsewhere, gone=False, after_s=60) is Fate.ALIVE
    assert judged(elsewhere, gone=False, after_s=3600) is Fate.UNKNOWN


def test_a_run_of_nobody_and_a_changed_record_are_unknown() -> None:
    assert judged(replace(running(step("a")), runner=None)) is Fate.UNKNOWN
    assert judged(replace(running(step("a")), sha256="f" * 64)) is Fate.UNKNOWN


def test_a_run_is_continued_within_an_hour_of_its_last_sign() -> None:
    stored = running(step("a"))
    assert too_old(stored, NOW + timedelta(minutes=60)) is None
    assert "too long ago" in (too_old(stored, NOW + timedelta(minutes=61)) or "")


def test_the_expiry_is_open_only_for_what_was_begun_in_time() -> None:
    case = open_case(running(step("a")))
    assert as_begun(case).proposal.plan.expires_at > NOW + timedelta(days=365)
    late = replace(case, changed_at=NOW + timedelta(minutes=16))
    assert as_begun(late) == late


def test_the_longest_run_counts_every_try_and_check() -> None:
    bound = replace(
        step("a"), retry=Retry(times=2, delay_s=5), verify=Verify(action=TRUE, within_s=30)
    )
    plan = open_case(running(bound)).proposal.plan
    assert longest_s(plan) == 60 + 3 * 10 + 2 * 5 + 30 + 10


@pytest.mark.parametrize("rest", ["1/abc", "99999999999999999999/1.0", "1/"])
def test_a_runner_that_names_no_process_is_gone(rest: str) -> None:
    assert is_gone(f"{socket.gethostname()}/{rest}")
