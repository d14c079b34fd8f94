"""What the bot thinks in: a request comes in, a reply made of parts goes out.

Nothing here knows Slack or a terminal. A skill yields whole `Reply` snapshots, each replacing the
one before it; `slack/blocks.py` and `cli/render.py` turn a snapshot into what people see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from knowledge import Reader


class Intent(StrEnum):
    """The skills a request can be routed to."""

    LOGS = "logs"
    RUNBOOK = "runbook"
    CODE = "code"
    KNOWLEDGE = "knowledge"
    SCHEDULE = "schedule"
    CHAT = "chat"


class ActorKind(StrEnum):
    """What sort of account speaks; anything but MEMBER is read-only."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    BOT = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person as the platform authenticated them, never as a message claims.

    Attributes:
        timezone: IANA name, for example "Europe/Berlin".
    """

    user_id: str
    team_id: str
    name: str
    timezone: str = "UTC"
    kind: ActorKind = ActorKind.MEMBER


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """A conversation: a channel and the timestamp of the thread's first message."""

    channel_id: str
    thread_ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Text that came with a request (an uploaded file or a long paste), already decoded.

    Attributes:
        problems: What of it could not be read, one sentence each.
    """

    name: str
    text: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing somebody asked, with markup and the mention of the bot removed.

    Attributes:
        received_at: Aware UTC.
        is_direct: Asked in a direct message, where nobody else can see or approve.
        talk: What people said to one another in the thread, one line each, safe to quote.
        reader: Who will read the answer, as far as documents are concerned; None: nothing is known
            of them, and only what everybody may read is searched.
        is_planned: A step of several; another one proposes what is to be done.
        language: Two-letter code of the language that the answer's own sentences are in.
        asked: What was written, where `text` is what it was taken to mean; else empty.
    """

    request_id: str
    text: str
    actor: Actor
    thread: ThreadRef
    received_at: datetime
    attachments: tuple[Attachment, ...] = ()
    is_direct: bool = False
    talk: str = ""
    reader: Reader | None = None
    is_planned: bool = False
    language: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One earlier exchange of a thread, as it is remembered.

    Attributes:
        facts: What the exchange was about (for example {"service": "checkout"}), for follow-ups.
    """

    text: str
    intent: Intent
    answer: str
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


class Change(StrEnum):
    """How the rate of a log template moved against its baseline."""

    NEW = "new"
    RISING = "rising"
    FALLING = "falling"
    GONE = "gone"
    STEADY = "steady"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row of log evidence.

    Attributes:
        label: Short form of the change, for example "NEW" or "x14".
        since: When it began, aware UTC, or None when the log has no times.
    """

    change: Change
    label: str
    count: int
    template: str
    since: datetime | None = None
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the answer is about, in one line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Mined log evidence, most telling first; at most once in a reply."""

    rows: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One verbatim line with its place."""

    text: str
    source: str
    line_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Consecutive verbatim lines of a log around one of them.

    Attributes:
        lines: Number and text each, in order.
        marked: Number of the line that the others stand around.
    """

    source: str
    lines: tuple[tuple[int, str], ...]
    marked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Sentences, from code or from the model; `*`, backticks and [n] are the only markup."""

    text: str
    from_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code block, with what checked it.

    Attributes:
        checks: One short sentence each, for example "parsed as PromQL".
    """

    language: str
    text: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A cited place in a document.

    Attributes:
        number: The [n] that sentences cite.
        lines: First and last line, 1-based, inclusive.
        source: Name of the source that `path` is in.
        stale: Why the document may no longer hold, in a few words; empty when it counts as fresh.
    """

    number: int
    title: str
    heading: str
    path: str
    lines: tuple[int, int]
    excerpt: str
    source: str = ""
    stale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """What retrieval found, best first."""

    rows: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Small print: coverage, model and time, what was withheld."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button. `action` names the handler, `value` is an opaque id or short text for it."""

    label: str
    action: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A row of at most five buttons."""

    options: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedLine:
    """One line that says where it comes from.

    Attributes:
        text: On one line.
        label: What the link is called where no time is; may be empty.
        url: The source's address, given by the platform; empty where there is none.
        at: When it was, aware UTC.
    """

    text: str
    label: str = ""
    url: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedLines:
    """Lines that each link to their source, in their order."""

    rows: tuple[SourcedLine, ...]
    title: str = ""


Part: TypeAlias = (
    Heading | Findings | Quote | Excerpt | Prose | Code | Passages | SourcedLines | Note | Choices
)


class Phase(StrEnum):
    """How far an answer is."""

    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer as it stands now.

    Attributes:
        status: What is going on while WORKING, for example "explaining"; empty when done.
        summary: The answer in one plain sentence, for notifications and screen readers.
        facts: What to remember of this exchange for follow-ups; see `Turn`.
    """

    parts: tuple[Part, ...]
    summary: str
    phase: Phase = Phase.DONE
    status: str = ""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A skill stored a proposal; its card is to be shown in the thread."""

    proposal_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A file that goes under an answer.

    Attributes:
        title: What people see instead of the name.
        alt_text: What a picture shows, for those who cannot see it; empty for texts.
    """

    name: str
    title: str
    content: bytes
    alt_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """Files for the answer's thread.

    Attributes:
        make: Makes them, and blocks while it does; called only where files can be shown.
    """

    make: Callable[[], tuple[OutgoingFile, ...]]


SkillEvent: TypeAlias = Reply | Proposed | Attached
