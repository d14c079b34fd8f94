"""Log messages that were found and what people said of them, one document for each service.

Only patterns, in which all that varies is masked, and never a line as it was logged. Pasted and
uploaded texts stay where they were posted.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from knowledge.documents import Document, Format, Metadata
from knowledge.errors import SourceError
from knowledge.sources.formats.markdown_writer import MarkdownWriter

from ..store.errors import StoreError
from ..store.log_answers import LogAnswer
from ..store.log_marks import Mark, MarkKind

KIND = "log-templates"
_HEADING_CHARS = 100


class Answers(Protocol):
    """Where answers about logs are kept."""

    def all(self) -> tuple[LogAnswer, ...]:
        """Those kept, oldest first."""
        ...


class Marks(Protocol):
    """Where people's marks on log messages are kept."""

    def all(self) -> tuple[Mark, ...]:
        """Those that hold, oldest first."""
        ...


@dataclass(slots=True)
class _Message:
    """A message of a service: how often answers showed it, and what was said of it."""

    pattern: str
    value: str
    n_answers: int = 0
    last_at: datetime | None = None
    mark: Mark | None = None


class LogTemplateDocuments:
    """Gives what is known of each configured service's messages."""

    def __init__(self, answers: Answers, marks: Marks) -> None:
        self._answers = answers
        self._marks = marks

    def __call__(self) -> Iterable[Document]:
        """In the order of the services' names. Blocks.

        Raises:
            SourceError: The database failed.
        """
        try:
            messages = _messages(self._answers.all(), self._marks.all())
        except StoreError as exc:
            raise SourceError("what was said of log messages", str(exc)) from exc
        return tuple(_document(service, messages[service]) for service in sorted(messages))


def _messages(answers: Iterable[LogAnswer], marks: Iterable[Mark]) -> Mapping[str, list[_Message]]:
    found: dict[str, dict[tuple[str, str], _Message]] = defaultdict(dict)
    for answer in answers:
        for one in () if answer.is_text else answer.evidence:
            message = found[one.service].setdefault(
                (one.template_id, one.value), _Message(one.pattern, one.value)
            )
            message.n_answers += 1
            message.last_at = max(message.last_at or answer.created_at, answer.created_at)
    for mark in marks:
        if mark.service:
            found[mark.service].setdefault(
                (mark.template_id, mark.value), _Message(mark.pattern, mark.value)
            ).mark = mark
    return {service: list(messages.values()) for service, messages in found.items()}


def _document(service: str, messages: Iterable[_Message]) -> Document:
    title = f"Log messages of {service}"
    writer = MarkdownWriter()
    writer.heading(1, title)
    listed = sorted(messages, key=lambda one: (one.mark is None, -one.n_answers, one.pattern))
    for message in listed:
        _write(writer, message)
    text = writer.text()
    return Document(
        source=KIND,
        path=service,
        text=text,
        format=Format.MARKDOWN,
        sha256=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        metadata=Metadata(title=title, service=service, updated_at=_newest(listed)),
    )


def _write(writer: MarkdownWriter, message: _Message) -> None:
    writer.heading(2, message.pattern[:_HEADING_CHARS])
    writer.fence(message.pattern)
    if message.value:
        writer.paragraph(f"Value: {message.value}")
    if message.mark is not None:
        what = "Known" if message.mark.kind is MarkKind.KNOWN else "Ignored"
        day = message.mark.created_at.date().isoformat()
        writer.paragraph(f"{what} since {day}: {message.mark.reason or 'no reason was given'}")
    if message.last_at is not None:
        times = "1 answer" if message.n_answers == 1 else f"{message.n_answers} answers"
        writer.paragraph(f"Shown in {times}, the last one on {message.last_at.date().isoformat()}.")


def _newest(messages: Iterable[_Message]) -> datetime | None:
    times = [one.last_at for one in messages if one.last_at is not None]
    times += [one.mark.created_at for one in messages if one.mark is not None]
    return max(times, default=None)
