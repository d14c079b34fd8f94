"""The audit trail: append-only rows, each chained to the one before by HMAC-SHA256.

The key and the newest head are files beside the database, so that who can write the database alone
can neither forge a row nor cut the end off unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from .audit_files import AuditFiles
from .canonical import canonical
from .errors import AuditError, RedactionError
from .proposal import ActorRef
from .redaction import redact
from .store import AuditEntry, AuditKind, AuditRow, AuditStore, ChainHead

CHECKPOINT_SUBJECT = "audit"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneReport:
    """How many rows went, and how many there are now, the checkpoint among them."""

    n_removed: int
    n_left: int


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
        n_rows = 0
        for n_rows, row in enumerate(self._store.rows(), start=1):
            if n_rows == 1 and row.sequence > 1:
                head = self._base(key, row.sequence) or head
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
        return AuditReport(n_rows=n_rows, faults=tuple(faults))

    def _base(self, key: bytes, first: int) -> ChainHead | None:
        """The row before the first one, if a genuine checkpoint says that it was pruned."""
        for row in self._store.about(CHECKPOINT_SUBJECT):
            genuine = hmac.compare_digest(row.mac, _mac(key, row))
            if genuine and row.entry.kind is AuditKind.CHECKPOINT:
                base = base_of(row.entry)
                if base.sequence == first - 1:
                    return base
        return None

    def prune(
        self, before: datetime, at: datetime, actor: ActorRef, open_subjects: Collection[str]
    ) -> PruneReport:
        """Remove the oldest rows, up to the first that is not old enough.

        A signed checkpoint row goes into the chain first; it says where the chain begins from now
        on, so that what is left can still be verified.

        Args:
            before: Rows of this time or later stay; aware UTC.
            at: Now, aware UTC.
            actor: Who prunes.
            open_subjects: What is not over yet; its rows are still needed.

        Raises:
            AuditError: The trail does not hold together, a row that would go is of something open,
                or the checkpoint cannot be written; nothing was removed.
        """
        report = self.verify()
        if not report.intact:
            raise AuditError(f"the trail does not hold together: {report.faults[0]}; not pruned")
        last, n_rows = self._last_before(before, frozenset(open_subjects))
        if last is None:
            return PruneReport(n_removed=0, n_left=report.n_rows)
        facts = {
            "through": str(last.sequence),
            "mac": last.mac,
            "n_rows": str(n_rows),
            "before": before.isoformat(),
        }
        self.append(AuditKind.CHECKPOINT, CHECKPOINT_SUBJECT, at, actor, facts)
        n_removed = self._store.remove_through(last.sequence)
        return PruneReport(n_removed=n_removed, n_left=report.n_rows + 1 - n_removed)

    def _last_before(
        self, before: datetime, open_subjects: frozenset[str]
    ) -> tuple[AuditRow | None, int]:
        last, n_rows = None, 0
        for row in self._store.rows():
            if row.entry.at >= before:
                break
            if row.entry.subject in open_subjects:
                raise AuditError(
                    f"row {row.sequence} is of {row.entry.subject}, which is not over: not pruned; "
                    f"name a time up to {row.entry.at.isoformat()}"
                )
            last, n_rows = row, n_rows + 1
        return last, n_rows

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


def base_of(checkpoint: AuditEntry) -> ChainHead:
    """Where the chain begins after a checkpoint: at the row after this one.

    Raises:
        AuditError: The row is no checkpoint.
    """
    try:
        through, mac = int(checkpoint.facts["through"]), checkpoint.facts["mac"]
    except (KeyError, ValueError) as exc:
        raise AuditError("a checkpoint row of the audit trail cannot be read") from exc
    return ChainHead(sequence=through, mac=mac)


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
