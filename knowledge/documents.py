"""What is indexed and what is found: documents, their chunks, and hits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Format(StrEnum):
    """How a document's structure is written."""

    MARKDOWN = "markdown"
    RST = "rst"
    ASCIIDOC = "asciidoc"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is known of a document beside its text; empty where a source does not say.

    Attributes:
        title: Given by the source; empty: taken from the text.
        url: Where people open the document.
        owner: Team or person who keeps it.
        service: What it is about, as the services are named elsewhere.
        updated_at: When its content last changed, aware UTC.
        review_by: The day from which it counts as stale.
        is_retired: It says of itself that it no longer holds.
        groups: Who may read it; empty: everybody. See `access.Reader`.
    """

    title: str = ""
    url: str = ""
    owner: str = ""
    service: str = ""
    updated_at: datetime | None = None
    review_by: date | None = None
    is_retired: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One readable document.

    Attributes:
        source: Name of the source it comes from; a folder's is its absolute path.
        path: Its place in `source`, with forward slashes. (source, path) is its identity.
        text: What is indexed and cited by line: the file's own text, or the text made of it.
        sha256: Hex digest of the bytes it was read from.
    """

    source: str
    path: str
    text: str
    format: Format
    sha256: str
    metadata: Metadata = field(default_factory=Metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchangedDocument:
    """A document whose bytes are those of last time, so that nothing was made of it again."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file that was found but not indexed, and why, in a few words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a document that is retrieved and cited as one.

    Attributes:
        heading_path: Headings above the chunk, outermost first, without the title.
        ordinal: Position among the chunks of its document, from 0.
        lines: First and last line in the file, 1-based, inclusive.
        text: Those lines, verbatim; a part of them where a long paragraph was cut.
        sha256: Hex digest of the document's bytes.
    """

    source: str
    path: str
    title: str
    heading_path: tuple[str, ...]
    ordinal: int
    lines: tuple[int, int]
    text: str
    sha256: str

    @property
    def heading(self) -> str:
        """The heading path in one line, empty at the top of a document."""
        return " > ".join(self.heading_path)

    @property
    def header(self) -> str:
        """Title and heading path in one line."""
        return " > ".join((self.title, *self.heading_path))

    @property
    def embedded_text(self) -> str:
        """What both indices see: where the text stands, then the text."""
        return f"{self.header}\n{self.text}"


class Answerability(StrEnum):
    """Whether the passages found are likely to answer the question."""

    YES = "yes"
    UNSURE = "unsure"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One passage found.

    Attributes:
        heading: Heading path, joined by " > ".
        lines: First and last line, 1-based, inclusive.
        score: Fused rank score; larger is better, comparable only within one search.
        cosine: Similarity to the question in [-1, 1]; None when only words matched.
        ordinal: Position among the chunks of its document, from 0.
    """

    source: str
    path: str
    title: str
    heading: str
    lines: tuple[int, int]
    score: float
    cosine: float | None
    text: str
    ordinal: int = 0
    metadata: Metadata = field(default_factory=Metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What one search found.

    Attributes:
        hits: Best first, at most as many as asked for.
        answerability: Verdict of the gate in `refusal.py`.
        confidence: The number behind the verdict.
        ms: Wall time of the search, embedding the question included.
    """

    hits: tuple[Hit, ...]
    answerability: Answerability
    confidence: float
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one sync did; counts are documents unless named otherwise.

    Attributes:
        rebuilt: Why everything was embedded anew, or empty when only changes were.
        n_embedded: Chunks that went through the encoder.
        seconds: Wall time.
    """

    n_documents: int
    added: int
    changed: int
    removed: int
    skipped: tuple[SkippedFile, ...]
    n_chunks: int
    n_embedded: int
    rebuilt: str
    seconds: float


class SyncStage(StrEnum):
    """What a sync is doing."""

    READING = "reading"
    EMBEDDING = "embedding"
    WRITING = "writing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """How far a sync is.

    Attributes:
        done: Units finished, 0 <= done <= total; documents while READING, else chunks.
    """

    stage: SyncStage
    done: int
    total: int
