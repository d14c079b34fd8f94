"""What people ask of an answer afterwards: more context, marks on its messages.

Everything needed is in the database, so buttons work weeks later and after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

import structlog

from ...messages import ActorKind, Note, Part, Prose, Reply, Request
from ...store.log_answers import Evidence, LogAnswer
from ...store.log_marks import Mark, NewMark
from . import mark_wording, wording
from .book import LogBook
from .digest import Entry
from .looked import Looked
from .orders import ListMarks, MoreContext, SetMark, TakeBack
from .sources import Stream
from .surroundings import excerpt_from, excerpt_of

GONE = "I no longer know that answer; ask again, and its buttons work."
_MEMBERS_ONLY = "Only members of this workspace can set or take back marks."
_MAX_EXCERPTS = 2
_MAX_REASON_CHARS = 500

OpenStreams = Callable[[Sequence[str]], Mapping[str, Sequence[Stream]]]


class Recall:
    """Keeps answers in a book and carries out what is asked of them."""

    def __init__(self, book: LogBook) -> None:
        """Keep them in `book`."""
        self._book = book
        self._log = structlog.get_logger()

    def keep(self, request: Request, looked: Looked, texts: Mapping[str, Sequence[Stream]]) -> None:
        """Remember an answer for its buttons. Blocks.

        Args:
            texts: The texts that were looked at; the lines around the top evidence are kept.

        Raises:
            StoreError: The database failed.
        """
        window = looked.analysis.window
        evidence = [_evidence(entry) for entry in looked.digest.entries]
        for position, each in enumerate(evidence[:_MAX_EXCERPTS]):
            excerpt = excerpt_of(texts.get(each.service, ()), each, request.received_at)
            if excerpt is not None:
                evidence[position] = replace(each, around=excerpt.lines)
        self._book.answers.save(
            LogAnswer(
                request_id=request.request_id,
                channel_id=request.thread.channel_id,
                services=tuple(each.service for each in looked.analysis.services),
                is_text=looked.is_text,
                start_at=window.start if window is not None else None,
                end_at=window.end if window is not None else None,
                evidence=tuple(evidence),
                created_at=request.received_at,
            )
        )

    def find(self, request_id: str, request: Request) -> LogAnswer | None:
        """An answer that was given in the channel of the request. Blocks.

        Raises:
            StoreError: The database failed.
        """
        return self._book.answer_in(request.thread.channel_id, request_id)

    async def carry_out(
        self,
        order: MoreContext | SetMark | TakeBack | ListMarks,
        request: Request,
        open_streams: OpenStreams,
    ) -> Reply:
        """Do what was asked.

        Args:
            open_streams: The streams of configured services, by service.

        Raises:
            StoreError: The database failed.
        """
        return await asyncio.to_thread(self._carry_out, order, request, open_streams)

    def _carry_out(
        self,
        order: MoreContext | SetMark | TakeBack | ListMarks,
        request: Request,
        open_streams: OpenStreams,
    ) -> Reply:
        zone = wording.zone_of(request.actor.timezone)
        if isinstance(order, ListMarks):
            return mark_wording.listed(self._book.marks.all(), zone)
        if isinstance(order, MoreContext):
            return self._more_context(order, request, open_streams)
        if request.actor.kind is not ActorKind.MEMBER:
            return said(_MEMBERS_ONLY)
        if isinstance(order, TakeBack):
            return self._take_back(order, request)
        return self._mark(order, request, zone)

    def _more_context(
        self, order: MoreContext, request: Request, open_streams: OpenStreams
    ) -> Reply:
        answer = self.find(order.request_id, request)
        if answer is None or not answer.evidence:
            return said(GONE)
        parts: list[Part] = []
        for evidence in answer.evidence[:_MAX_EXCERPTS]:
            parts += _around(evidence, answer, request.received_at, open_streams)
        facts = {"service": answer.services[0]} if len(answer.services) == 1 else {}
        summary = f"The lines around {answer.evidence[0].source}:{answer.evidence[0].line_number}."
        return Reply(parts=tuple(parts), summary=summary, facts=facts)

    def _mark(self, order: SetMark, request: Request, zone: tzinfo) -> Reply:
        answer = self.find(order.request_id, request)
        if answer is None:
            return said(GONE)
        evidence = next((e for e in answer.evidence if e.number == order.number), None)
        if evidence is None:
            return said(f"That answer has no message [{order.number}].")
        mark, is_new = self._book.marks.add(
            NewMark(
                kind=order.kind,
                service="" if answer.is_text else evidence.service,
                template_id=evidence.template_id,
                value=evidence.value,
                pattern=evidence.pattern,
                reason=order.reason[:_MAX_REASON_CHARS],
                user_id=request.actor.user_id,
                name=request.actor.name,
                created_at=request.received_at,
            )
        )
        self._note("log_mark_set", mark, request, is_new=is_new)
        return mark_wording.was_set(mark, zone, is_new=is_new)

    def _take_back(self, order: TakeBack, request: Request) -> Reply:
        actor = request.actor
        mark = self._book.marks.take_back(order.mark_id, actor.name, request.received_at)
        if mark is None:
            return said(f"There is no mark {order.mark_id}; `ignored templates` lists them.")
        self._note("log_mark_taken_back", mark, request)
        return mark_wording.was_taken_back(mark, actor.name)

    def _note(self, event: str, mark: Mark, request: Request, **facts: bool) -> None:
        user_id = request.actor.user_id
        self._log.info(event, mark_id=mark.mark_id, kind=mark.kind, user_id=user_id, **facts)


def _around(
    evidence: Evidence, answer: LogAnswer, now: datetime, open_streams: OpenStreams
) -> list[Part]:
    """The lines around one piece of evidence, or that they are gone."""
    if answer.is_text:
        excerpt = excerpt_from(evidence)
    else:
        streams = open_streams((evidence.service,)).get(evidence.service, ())
        excerpt = excerpt_of(streams, evidence, now)
    title = f"*[{evidence.number}]* around {evidence.source}:{evidence.line_number}"
    if excerpt is None:
        text = f"{title}: the line is no longer there; the log was rotated away or rewritten."
        return [Prose(text=text)]
    found = (excerpt.source, excerpt.marked)
    moved = found != (evidence.source, evidence.line_number)
    note = [Note(text=f"now at {found[0]}:{found[1]}")] if moved else []
    return [Prose(text=title), excerpt, *note]


def said(text: str) -> Reply:
    """A reply of one sentence or a few."""
    return Reply(parts=(Prose(text=text),), summary=text)


def _evidence(entry: Entry) -> Evidence:
    row, first = entry.movement.row, entry.movement.first
    return Evidence(
        number=entry.number,
        service=row.service,
        template_id=row.template_id,
        value=row.value,
        pattern=row.pattern,
        source=first.source,
        line_number=first.line_number,
        line=first.line,
        second=first.second,
    )
