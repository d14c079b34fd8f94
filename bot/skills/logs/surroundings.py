"""The lines around one line of a log, found again where it was or where rotation took it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from runbooks.errors import RedactionError
from runbooks.redaction import redact

from ...messages import Excerpt
from ...store.log_answers import Evidence
from .blocks import Intake
from .sources import Chunk, LogQuery, Stream

RADIUS = 10
_NEEDLE_BYTES = 200
_SLACK = timedelta(minutes=1)
_MAX_LINE_BYTES = 8192
_SURELY_LONG = 1000


def excerpt_of(
    streams: Sequence[Stream], evidence: Evidence, now: datetime, radius: int = RADIUS
) -> Excerpt | None:
    """Read the lines around a line. Blocks.

    Args:
        streams: Of the service that wrote the line.
        now: Aware; fills in the years that some notations leave out.
        radius: Lines before and after it.

    Returns:
        Verbatim lines with secrets hidden; None when the line is no longer there. The place it was
        seen at comes first; a line with the same text elsewhere is the one that rotation moved.
    """
    query = _query(evidence)
    moved: Excerpt | None = None
    for stream in streams:
        for found, is_there in _matches(stream.chunks(query, now, Intake()), evidence, radius):
            if is_there:
                return found
            moved = moved or found
    return moved


def excerpt_from(evidence: Evidence) -> Excerpt | None:
    """The lines that were kept with an answer."""
    if not evidence.around:
        return None
    return _excerpt(evidence.source, list(evidence.around), evidence.line_number)


def _query(evidence: Evidence) -> LogQuery:
    if evidence.second is None:
        return LogQuery(services=(evidence.service,))
    at = datetime.fromtimestamp(evidence.second, UTC)
    return LogQuery(services=(evidence.service,), start=at - _SLACK, end=at + _SLACK)


def _matches(
    chunks: Iterator[Chunk], evidence: Evidence, radius: int
) -> Iterator[tuple[Excerpt, bool]]:
    """Each chunk's first place of the line, with whether it is the place where it was seen."""
    needle = evidence.line.partition("\ufffd")[0].encode()[:_NEEDLE_BYTES]
    before: list[tuple[int, bytes]] = []
    source = ""
    for chunk, following in _with_next(chunks):
        if chunk.source != source:
            before, source = [], chunk.source
        numbered = list(enumerate(chunk.lines, start=chunk.first_line_number))
        index = _index(chunk, evidence, needle)
        if index is not None:
            number = chunk.first_line_number + index
            after = numbered[index + 1 : index + 1 + radius]
            if following is not None and following.source == source:
                start = following.first_line_number
                after += list(enumerate(following.lines[:radius], start=start))
            lines = [*[*before, *numbered[: index + 1]][-radius - 1 :], *after[:radius]]
            is_there = (source, number) == (evidence.source, evidence.line_number)
            yield _excerpt(source, [(n, _text(line)) for n, line in lines], number), is_there
        before = [*before, *numbered[-radius:]][-radius:]


def _with_next(chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Chunk | None]]:
    """Every chunk with the one after it, where the lines after its last one are."""
    chunk = next(chunks, None)
    while chunk is not None:
        following = next(chunks, None)
        yield chunk, following
        chunk = following


def _index(chunk: Chunk, evidence: Evidence, needle: bytes) -> int | None:
    if needle not in chunk.block:
        return None
    expected = evidence.line_number - chunk.first_line_number
    is_here = chunk.source == evidence.source and 0 <= expected < len(chunk.lines)
    if is_here and _is_same(chunk.lines[expected], evidence):
        return expected
    same = (i for i, line in enumerate(chunk.lines) if _is_same(line, evidence))
    return next(same, None)


def _is_same(line: bytes, evidence: Evidence) -> bool:
    """Whether a line is the one that was kept; of a very long one only the beginning was."""
    text = _text(line)
    if text == evidence.line:
        return True
    kept = evidence.line.rstrip("\ufffd")
    return len(kept) >= _SURELY_LONG and text.startswith(kept)


def _text(line: bytes) -> str:
    return line[:_MAX_LINE_BYTES].decode("utf-8", "replace")


def _excerpt(source: str, lines: list[tuple[int, str]], marked: int) -> Excerpt:
    hidden = _redacted([text for _, text in lines])
    numbers = [number for number, _ in lines]
    return Excerpt(source=source, lines=tuple(zip(numbers, hidden, strict=True)), marked=marked)


def _redacted(texts: list[str]) -> list[str]:
    """Secrets hidden, also those that span lines; the number of lines stays."""
    whole = [text.replace("\n", " ") for text in texts]
    try:
        together = redact("\n".join(whole)).text.split("\n")
        if len(together) == len(whole):
            return together
        return [redact(text).text for text in whole]
    except RedactionError:
        return ["(withheld: it could not be searched for secrets)"] * len(whole)
