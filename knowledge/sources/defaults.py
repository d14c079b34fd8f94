"""What the settings say of all documents of a source."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDefaults:
    """Holds where a document does not say better of itself.

    Attributes:
        owner: Team or person who keeps the documents.
        service: What they are about.
        url: Where people find them; a document's path is put in place of `{path}`, or behind it.
        groups: Who may read them; a document can only narrow this. Empty: everybody.
        stale_after_days: Days from its last change after which a document counts as stale.
    """

    owner: str = ""
    service: str = ""
    url: str = ""
    groups: frozenset[str] = frozenset()
    stale_after_days: int | None = None

    def url_of(self, path: str) -> str:
        """Where people open the document at this path; empty when nothing is known."""
        if not self.url:
            return ""
        quoted = quote(path)
        if "{path}" in self.url:
            return self.url.replace("{path}", quoted)
        return f"{self.url.rstrip('/')}/{quoted}"


NO_DEFAULTS = SourceDefaults()
"""Settings that say nothing."""
