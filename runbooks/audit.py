"""The audit trail: append-only rows, each chained to the one before by HMAC-SHA256.

The key and the newest head are files beside the database, so that who can write the database alone
can neither forge a row nor cut the end off unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from .audit_files import AuditFiles
from .canonical import canonical
from .errors import AuditError, RedactionError
from .proposal import ActorRef
from .redaction import redact
from .store import AuditEntry, AuditKind, AuditRow, AuditStore, ChainHead


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a verification found.

    Attributes:
        n_rows: Rows read.
        faults: One sentence each; empty when the trail holds together.
    """

    n_rows: int
    faults: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class AuditTrail:
    """Writes and checks the trail. Blocking; safe to use from several threads."""

    def __init__(self, store: AuditStore, files: AuditFiles) -> None:
        self._store = store
        self._files = files

    def append(
        self,
        kind: AuditKind,
        subject: str,
        at: datetime,
        actor: ActorRef | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> AuditRow:
        """Write one row.

        Args:
            subject: What it is about, for example "proposal:214".
            at: Aware UTC.
            facts: Texts; secrets are removed before they are written.

        Raises:
            AuditError: The row was not written; the caller must not go on.
        """
        entry = AuditEntry(
            kind=kind, subject=subject, at=at, actor=actor, facts=_redacted(facts or {})
        )
        key = self._files.key()
        row = self._store.append(lambda head: _link(key, head, entry))
        self._files.save_head(ChainHead(sequence=row.sequence, mac=row.mac))
        return row

    def about(self, subject: str) -> tuple[AuditEntry, ...]:
        """The entries of one subject, oldest first.

        Raises:
            AuditError: The trail cannot be read, or a row was not written by this opsbot.
        """
        key = self._files.key()
        rows = self._store.about(subject)
        for row in rows:
            if not hmac.compare_digest(row.mac, _mac(key, row)):
                raise AuditError(f"audit row {row.sequence} was changed: see `opsbot audit verify`")
        return tuple(row.entry for row in rows)

    def verify(self) -> AuditReport:
        """Find every edit, deletion and reordering, and a cut end.

        Raises:
            AuditError: The trail cannot be read.
        """
        key = self._files.key()
        saved = self._files.head()
        head, mac_at_saved, faults = ChainHead(sequence=0, mac=""), "", list[str]()
        for n_rows, row in enumerate(self._store.rows(), start=1):
            faults += _faults_of(key, head, row, n_rows)
            head = ChainHead(sequence=row.sequence, mac=row.mac)
            if saved is not None and row.sequence == saved.sequence:
                mac_at_saved = row.mac
        if saved is not None and saved.sequence > head.sequence:
            faults.append(f"rows {head.sequence + 1} to {saved.sequence} at the end are missing")
        elif saved is not None and not hmac.compare_digest(saved.mac, mac_at_saved):
            faults.append(f"row {saved.sequence} is not the one that was written")
        elif saved is None and head.sequence:
            faults.append("the saved head is missing: a cut end would not be noticed")
        return AuditReport(n_rows=head.sequence, faults=tuple(faults))

    def export(self) -> Iterator[str]:
        """Every row as one line of JSON, oldest first.

        Raises:
            AuditError: The trail cannot be read.
        """
        for row in self._store.rows():
            record = {
                "sequence": row.sequence,
                "at": row.entry.at.isoformat(),
                "kind": row.entry.kind.value,
                "subject": row.entry.subject,
                "actor": asdict(row.entry.actor) if row.entry.actor else None,
                "facts": dict(row.entry.facts),
                "previous": row.previous,
                "mac": row.mac,
            }
            yield json.dumps(record, ensure_ascii=False)


def _link(key: bytes, head: ChainHead, entry: AuditEntry) -> AuditRow:
    unsigned = AuditRow(sequence=head.sequence + 1, entry=entry, previous=head.mac, mac="")
    return AuditRow(
        sequence=unsigned.sequence, entry=entry, previous=head.mac, mac=_mac(key, unsigned)
    )


def _mac(key: bytes, row: AuditRow) -> str:
    signed = canonical((row.sequence, row.entry, row.previous))
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def _faults_of(key: bytes, head: ChainHead, row: AuditRow, position: int) -> list[str]:
    faults: list[str] = []
    if row.sequence != head.sequence + 1:
        faults.append(f"rows are missing or moved before row {row.sequence} (place {position})")
    elif row.previous != head.mac:
        faults.append(f"row {row.sequence} does not follow the row before it")
    if not hmac.compare_digest(row.mac, _mac(key, row)):
        faults.append(f"row {row.sequence} was changed, or written with another key")
    return faults


def _redacted(facts: Mapping[str, str]) -> dict[str, str]:
    try:
        return {name: redact(text).text for name, text in facts.items()}
    except RedactionError as exc:
        raise AuditError("secrets could not be removed from an audit row: not written") from exc
