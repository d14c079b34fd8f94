"""What somebody who can write the database can hide from the audit trail: nothing."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.store.audit import SqlAudit
from bot.store.engine import open_database
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.errors import AuditError
from runbooks.store import AuditKind

from .conftest import person

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def trail(engine: Engine, tmp_path: Path) -> AuditTrail:
    trail = AuditTrail(SqlAudit(engine), AuditFiles(tmp_path))
    for number in range(1, 5):
        trail.append(AuditKind.RUN, "proposal:1", NOW, person("ada"), {"n": str(number)})
    return trail


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit SET name = 'eve' WHERE sequence = 2", "row 2 was changed"),
        ("UPDATE audit SET user_id = 'U-eve' WHERE sequence = 2", "row 2 was changed"),
        ("UPDATE audit SET facts = '{}' WHERE sequence = 1", "row 1 was changed"),
        ("UPDATE audit SET at = '2026-03-01 10:00:01' WHERE sequence = 4", "row 4 was changed"),
        ("UPDATE audit SET kind = 'approval' WHERE sequence = 3", "row 3 was changed"),
        ("DELETE FROM audit WHERE sequence = 2", "rows are missing or moved before row 3"),
        ("DELETE FROM audit WHERE sequence = 1", "rows are missing or moved before row 2"),
        ("DELETE FROM audit WHERE sequence >= 3", "rows 3 to 4 at the end are missing"),
        ("DELETE FROM audit", "rows 1 to 4 at the end are missing"),
        (
            "UPDATE audit SET sequence = CASE sequence WHEN 2 THEN 9 ELSE sequence END",
            "rows are missing or moved before row 3",
        ),
        ("UPDATE audit SET previous = '' WHERE sequence = 3", "does not follow the row before"),
    ],
)
def test_every_change_is_found(engine: Engine, trail: AuditTrail, change: str, fault: str) -> None:
    assert trail.verify().intact
    with engine.begin() as connection:
        connection.execute(text(change))
    assert any(fault in found for found in trail.verify().faults)


def test_swapped_rows_are_found(engine: Engine, trail: AuditTrail) -> None:
    with engine.begin() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(
                text("UPDATE audit SET sequence = :new WHERE sequence = :old"),
                {"old": old, "new": new},
            )
    assert not trail.verify().intact


def test_a_row_written_with_another_key_is_found(
    engine: Engine, trail: AuditTrail, tmp_path: Path
) -> None:
    forger = AuditTrail(SqlAudit(engine), AuditFiles(tmp_path / "forger"))
    forger.append(AuditKind.APPROVAL, "proposal:1", NOW, person("bob"))
    assert any("row 5" in fault for fault in trail.verify().faults)
    with pytest.raises(AuditError, match="row 5 was changed"):
        trail.about("proposal:1")


def test_a_lost_head_is_said(trail: AuditTrail, tmp_path: Path) -> None:
    (tmp_path / "audit.head").unlink()
    assert "saved head is missing" in trail.verify().faults[0]


def test_the_key_is_made_once_and_only_its_owner_reads_it(
    trail: AuditTrail, tmp_path: Path
) -> None:
    key = tmp_path / "audit.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert AuditFiles(tmp_path).key() == AuditFiles(tmp_path).key()
    assert trail.verify().n_rows == 4


def test_a_key_open_to_others_is_refused(tmp_path: Path) -> None:
    AuditFiles(tmp_path).key()
    (tmp_path / "audit.key").chmod(0o644)
    with pytest.raises(AuditError, match="chmod 600"):
        AuditFiles(tmp_path).key()


@pytest.mark.parametrize("content", ["", "not hex", "abcd"])
def test_a_broken_key_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    key = tmp_path / "audit.key"
    key.write_text(content)
    key.chmod(0o600)
    with pytest.raises(AuditError, match="holds no key"):
        AuditFiles(tmp_path).key()
    assert key.read_text() == content


def test_the_export_is_one_object_a_line_in_order(trail: AuditTrail) -> None:
    rows = [json.loads(line) for line in trail.export()]
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["actor"] == {"team_id": "T1", "user_id": "U-ada", "name": "ada"}
    assert [row["facts"]["n"] for row in rows] == ["1", "2", "3", "4"]


def test_secrets_do_not_reach_a_row(trail: AuditTrail) -> None:
    trail.append(AuditKind.RUN, "x", NOW, None, {"url": "https://ada:hunter2hunter2@db/x"})
    assert "hunter2hunter2" not in "".join(trail.export())
