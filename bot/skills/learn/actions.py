"""Names that buttons of a summary carry."""

from __future__ import annotations

NOTE_ACTION = "thread_note"
KEEP = "keep"
EDIT = "edit"
DISCARD = "discard"
