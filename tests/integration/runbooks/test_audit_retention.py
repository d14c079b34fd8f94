"""Old rows of the audit trail can go, and what is left still cannot be changed unseen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.store.audit import SqlAudit
from bot.store.engine import open_database
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.errors import AuditError
from runbooks.memory_store import MemoryAudit
from runbooks.store import AuditKind, AuditStore, ChainHead

from .conftest import person

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=10)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield engine
    engine.dispose()


def filled(store: AuditStore, folder: Path) -> AuditTrail:
    trail = AuditTrail(store, AuditFiles(folder))
    for day in range(1, 7):
        at = START + timedelta(days=day)
        trail.append(AuditKind.RUN, f"proposal:{day}", at, person("ada"), {"n": str(day)})
    return trail


@pytest.fixture(params=["memory", "sql"])
def trail(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> AuditTrail:
    return filled(MemoryAudit() if request.param == "memory" else SqlAudit(engine), tmp_path)


@pytest.fixture
def sql_trail(engine: Engine, tmp_path: Path) -> AuditTrail:
    return filled(SqlAudit(engine), tmp_path)


def prune(trail: AuditTrail, days: int, open_subjects: tuple[str, ...] = ()) -> tuple[int, int]:
    report = trail.prune(START + timedelta(days=days), NOW, person("ada"), open_subjects)
    return report.n_removed, report.n_left


def sequences(trail: AuditTrail) -> list[str]:
    return [line.partition(",")[0] for line in trail.export()]


def test_old_rows_go_and_the_rest_verifies(trail: AuditTrail) -> None:
    assert prune(trail, 4) == (3, 4)
    report = trail.verify()
    assert (report.n_rows, report.faults) == (4, ())
    assert sequences(trail)[0] == '{"sequence": 4'
    checkpoint = trail.about("audit")[-1]
    assert checkpoint.kind is AuditKind.CHECKPOINT
    assert checkpoint.actor == person("ada")
    assert checkpoint.facts["n_rows"] == "3"


def test_it_can_be_pruned_again_and_again(trail: AuditTrail) -> None:
    assert prune(trail, 3) == (2, 5)
    assert prune(trail, 5) == (2, 4)
    assert trail.verify().intact
    trail.append(AuditKind.RUN, "proposal:9", NOW)
    assert trail.verify().intact


def test_with_nothing_old_enough_nothing_is_written(trail: AuditTrail) -> None:
    assert prune(trail, 1) == (0, 6)
    assert trail.verify().n_rows == 6


def test_rows_of_what_is_not_over_stay_with_all_after_them(trail: AuditTrail) -> None:
    with pytest.raises(AuditError, match="row 2 is of proposal:2, which is not over"):
        prune(trail, 4, ("proposal:2",))
    assert trail.verify().n_rows == 6
    assert prune(trail, 4, ("proposal:5",)) == (3, 4)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("DELETE FROM audit WHERE sequence = 4", "rows are missing or moved before row 5"),
        ("DELETE FROM audit WHERE sequence <= 6", "rows are missing or moved before row 7"),
        ("DELETE FROM audit WHERE sequence = 7", "rows 7 to 7 at the end are missing"),
        ("UPDATE audit SET facts = '{}' WHERE sequence = 4", "row 4 was changed"),
        ("UPDATE audit SET facts = replace(facts, '\"3\"', '\"4\"') WHERE sequence = 7", "row 7"),
        ("UPDATE audit SET previous = '' WHERE sequence = 4", "does not follow the row before"),
    ],
)
def test_every_change_after_a_checkpoint_is_found(
    engine: Engine, sql_trail: AuditTrail, change: str, fault: str
) -> None:
    prune(sql_trail, 4)
    with engine.begin() as connection:
        connection.execute(text(change))
    assert any(fault in found for found in sql_trail.verify().faults)


def test_a_forged_checkpoint_hides_nothing(
    engine: Engine, sql_trail: AuditTrail, tmp_path: Path
) -> None:
    forger = AuditTrail(SqlAudit(engine), AuditFiles(tmp_path / "forger"))
    facts = {"through": "3", "mac": "0" * 64, "n_rows": "3", "before": NOW.isoformat()}
    forger.append(AuditKind.CHECKPOINT, "audit", NOW, person("eve"), facts)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE sequence <= 3"))
    faults = sql_trail.verify().faults
    assert any("before row 4" in fault for fault in faults)
    assert any("row 7 was changed" in fault for fault in faults)


def test_a_crash_between_checkpoint_and_removal_loses_nothing(
    engine: Engine, sql_trail: AuditTrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    prune(sql_trail, 2)

    def crash(_self: SqlAudit, _sequence: int) -> int:
        raise AuditError("the database cannot be used")

    with monkeypatch.context() as patch:
        patch.setattr(SqlAudit, "remove_through", crash)
        with pytest.raises(AuditError):
            prune(sql_trail, 4)
    assert sql_trail.verify().intact
    assert prune(sql_trail, 4)[0] == 2
    assert sql_trail.verify().intact


def test_a_trail_that_was_changed_is_not_pruned(engine: Engine, sql_trail: AuditTrail) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit SET name = 'eve' WHERE sequence = 2"))
    with pytest.raises(AuditError, match="does not hold together"):
        prune(sql_trail, 4)
    assert len(sequences(sql_trail)) == 6


def test_an_older_head_does_not_replace_a_newer(tmp_path: Path) -> None:
    files = AuditFiles(tmp_path)
    files.save_head(ChainHead(sequence=6, mac="b"))
    files.save_head(ChainHead(sequence=5, mac="a"))
    assert files.head() == ChainHead(sequence=6, mac="b")


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from bot.store.audit import SqlAudit
from bot.store.engine import open_database
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.store import AuditKind

folder = Path(sys.argv[1])
trail = AuditTrail(SqlAudit(open_database(f"sqlite:///{folder / 'opsbot.db'}")), AuditFiles(folder))
for number in range(25):
    trail.append(AuditKind.RUN, f"proposal:{sys.argv[2]}", datetime.now(UTC), None, {"n": str(number)})
"""


def test_two_processes_write_one_chain_with_one_key_and_the_newest_head(
    engine: Engine, tmp_path: Path
) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number)])
        for number in range(2)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    files = AuditFiles(tmp_path)
    report = AuditTrail(SqlAudit(engine), files).verify()
    assert (report.n_rows, report.faults) == (50, ())
    head = files.head()
    assert head is not None
    assert head.sequence == 50
