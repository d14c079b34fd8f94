"""One contract, held by the store in memory and by the one in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.audit import SqlAudit
from bot.store.engine import open_database
from bot.store.proposals import SqlProposals
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.errors import ProposalError
from runbooks.lifecycle import ProposalState
from runbooks.memory_store import MemoryAudit, MemoryProposals
from runbooks.policy import Approval
from runbooks.proposal import Place, Plan, RunbookRef, unseal
from runbooks.schema import Risk
from runbooks.store import AuditKind, AuditStore, Move, ProposalStore, StepRecord, StepState

from .conftest import person

NOW = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
PLAN = Plan(
    runbook=RunbookRef(name="demo", title="Demo", version=1, digest="0" * 64),
    parameters={"n": 3, "ratio": 1.0, "on": True, "name": "ü"},
    steps=(),
    environment="test",
    target="local",
    run_as="a@b",
    environment_names=(),
    executables={},
    why="",
    evidence=(),
    previews=(),
    requester=person("ada"),
    where=Place(channel_id="C1", thread_ts="1.0"),
    created_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
    risk=Risk.LOW,
    n_approvals=1,
)


def approval(name: str, sha256: str = "0" * 64) -> Approval:
    return Approval(actor=person(name), at=NOW, sha256=sha256)


def move(source: ProposalState, target: ProposalState, runner: str | None = None) -> Move:
    return Move(source=source, target=target, at=NOW, reason="why", by=person("bob"), runner=runner)


APPROVE = move(ProposalState.PENDING, ProposalState.APPROVED)


@pytest.fixture(params=["memory", "sql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProposalStore]:
    if request.param == "memory":
        yield MemoryProposals()
        return
    engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield SqlProposals(engine)
    engine.dispose()


@pytest.fixture(params=["memory", "sql"])
def audit_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AuditStore]:
    if request.param == "memory":
        yield MemoryAudit()
        return
    engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield SqlAudit(engine)
    engine.dispose()


def in_threads(work: Callable[[int], bool], n: int = 8) -> list[bool]:
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(work, range(n)))


def test_a_plan_comes_back_as_it_was_stored(store: ProposalStore) -> None:
    added = store.add(PLAN)
    stored = store.get(added.proposal_id)
    assert stored is not None
    assert stored == added
    proposal = unseal(stored.proposal_id, stored.payload, stored.sha256)
    assert proposal.plan == PLAN
    for name, value in PLAN.parameters.items():
        assert type(proposal.plan.parameters[name]) is type(value)


def test_an_unknown_number_is_none(store: ProposalStore) -> None:
    assert store.get(1) is None


def test_numbers_rise_and_lists_are_ordered(store: ProposalStore) -> None:
    ids = [store.add(PLAN).proposal_id for _ in range(3)]
    assert ids == sorted(set(ids))
    assert [row.proposal_id for row in store.recent(2)] == [ids[2], ids[1]]
    store.move(ids[1], APPROVE)
    assert [row.proposal_id for row in store.in_state(ProposalState.PENDING)] == [ids[0], ids[2]]


def test_a_move_happens_only_from_its_source(store: ProposalStore) -> None:
    added = store.add(PLAN)
    assert store.move(added.proposal_id, APPROVE)
    assert not store.move(added.proposal_id, APPROVE)
    stored = store.get(added.proposal_id)
    assert stored is not None
    assert (stored.state, stored.reason, stored.by) == (
        ProposalState.APPROVED,
        "why",
        person("bob"),
    )


def test_a_move_of_nothing_is_false(store: ProposalStore) -> None:
    assert not store.move(7, APPROVE)


def test_a_move_that_the_table_forbids_is_an_error(store: ProposalStore) -> None:
    added = store.add(PLAN)
    with pytest.raises(ProposalError, match="cannot go from pending to running"):
        store.move(added.proposal_id, move(ProposalState.PENDING, ProposalState.RUNNING))


def test_of_many_movers_at_once_one_wins(store: ProposalStore) -> None:
    added = store.add(PLAN)
    assert sum(in_threads(lambda _: store.move(added.proposal_id, APPROVE))) == 1


def test_the_runner_stays_known_after_the_run(store: ProposalStore) -> None:
    added = store.add(PLAN)
    store.move(added.proposal_id, APPROVE)
    running = move(ProposalState.APPROVED, ProposalState.RUNNING, "here/1/2.00")
    store.move(added.proposal_id, running)
    store.move(added.proposal_id, move(ProposalState.RUNNING, ProposalState.FAILED))
    stored = store.get(added.proposal_id)
    assert stored is not None
    assert stored.runner == "here/1/2.00"


def test_an_account_approves_once_whatever_it_calls_itself(store: ProposalStore) -> None:
    added = store.add(PLAN)
    assert store.add_approval(added.proposal_id, approval("bob"))
    renamed = Approval(
        actor=person("bob").__class__(team_id="T1", user_id="U-bob", name="Robert"),
        at=NOW,
        sha256="0" * 64,
    )
    assert not store.add_approval(added.proposal_id, renamed)
    assert store.add_approval(added.proposal_id, approval("cleo"))
    stored = store.get(added.proposal_id)
    assert stored is not None
    assert stored.approvals == (approval("bob"), approval("cleo"))


def test_many_clicks_of_one_account_count_once(store: ProposalStore) -> None:
    added = store.add(PLAN)
    clicks = in_threads(lambda _: store.add_approval(added.proposal_id, approval("bob")))
    assert sum(clicks) == 1


def test_only_what_waits_can_be_approved(store: ProposalStore) -> None:
    added = store.add(PLAN)
    store.move(added.proposal_id, move(ProposalState.PENDING, ProposalState.REJECTED))
    assert not store.add_approval(added.proposal_id, approval("bob"))
    assert not store.add_approval(99, approval("bob"))


def test_a_step_is_replaced_at_its_position(store: ProposalStore) -> None:
    added = store.add(PLAN)
    second = StepRecord(position=1, step_id="b", state=StepState.STARTED, started_at=NOW)
    begun = StepRecord(position=0, step_id="a", state=StepState.STARTED, started_at=NOW)
    ended = StepRecord(
        position=0,
        step_id="a",
        state=StepState.SUCCEEDED,
        started_at=NOW,
        detail="exit 0",
        output="out",
        seconds=1.5,
        verified=True,
    )
    for record in (second, begun, ended):
        store.save_step(added.proposal_id, record)
    stored = store.get(added.proposal_id)
    assert stored is not None
    assert stored.steps == (ended, second)


def test_a_step_of_no_proposal_is_an_error(store: ProposalStore) -> None:
    record = StepRecord(position=0, step_id="a", state=StepState.STARTED, started_at=NOW)
    with pytest.raises(ProposalError):
        store.save_step(99, record)


def test_concurrent_rows_make_one_unbroken_chain(audit_store: AuditStore, tmp_path: Path) -> None:
    trail = AuditTrail(audit_store, AuditFiles(tmp_path))

    def append(turn: int) -> bool:
        row = trail.append(AuditKind.RUN, f"proposal:{turn}", NOW, person("ada"), {"ü": "€"})
        return row.sequence > 0

    assert all(in_threads(append))
    assert [row.sequence for row in audit_store.rows()] == list(range(1, 9))
    assert trail.verify().faults == ()
    (entry,) = trail.about("proposal:3")
    assert (entry.at, entry.actor, entry.facts) == (NOW, person("ada"), {"ü": "€"})
