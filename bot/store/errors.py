"""Everything that `bot.store` raises of its own.

StoreError              the database cannot be used; the message says why in one sentence

Proposals and audit raise `ProposalError` and `AuditError` of `runbooks` instead, as their protocols
say.
"""

from __future__ import annotations


class StoreError(Exception):
    """The database cannot be used; the message is one sentence for a person."""
