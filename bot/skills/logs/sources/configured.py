"""From the settings to streams: what each configured service name means."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import assert_never

from ..blocks import Intake
from .command import CommandStream
from .docker import Docker
from .elastic import Elastic
from .errors import WrongSourceError
from .journal import Journal
from .kubectl import Kubectl
from .loki import Loki
from .places import Places
from .query import LogQuery
from .rotation import streams_of
from .server import ServerStream
from .spec import spec_of
from .stream import Chunk, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachableStream:
    """A source that cannot be read as it is configured; reading it says why."""

    name: str
    reason: str

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """Nothing but a problem."""
        intake.problems.append(self.reason)
        yield from ()

    def newest_second(self, now: datetime) -> int | None:
        """Unknown."""
        return None


def configured_streams(
    sources: Mapping[str, Sequence[str]],
    services: Sequence[str],
    zone: tzinfo = UTC,
    places: Places | None = None,
) -> dict[str, tuple[Stream, ...]]:
    """The streams of some configured services (all when none is named), by service.

    Args:
        zone: The zone of times in files that name none.
        places: Where programs and servers are; by default this machine, and no servers.
    """
    wanted = services or tuple(sources)
    where = places or Places()
    return {name: _streams(sources[name], zone, where) for name in wanted if name in sources}


def fault_of(text: str, places: Places) -> str:
    """Why a source that is no file cannot be read as it is configured; empty when it can."""
    try:
        spec = spec_of(text)
    except WrongSourceError as exc:
        return str(exc)
    if isinstance(spec, str):
        return ""
    stream = _stream(spec, text, places)
    if isinstance(stream, UnreachableStream):
        return stream.reason
    if isinstance(spec, Journal | Docker | Kubectl) and shutil.which(spec.program) is None:
        return f"{text}: {spec.program} is not installed"
    return ""


def _streams(texts: Sequence[str], zone: tzinfo, places: Places) -> tuple[Stream, ...]:
    globs: list[str] = []
    others: list[Stream] = []
    for text in texts:
        try:
            spec = spec_of(text)
        except WrongSourceError as exc:
            others.append(UnreachableStream(name=text, reason=str(exc)))
            continue
        if isinstance(spec, str):
            globs.append(spec)
        else:
            others.append(_stream(spec, text, places))
    return (*streams_of(globs, zone, places.limits), *others)


def source_streams(text: str, zone: tzinfo, places: Places) -> tuple[Stream, ...]:
    """The streams of one source as people write it; none when no file matches a glob.

    Raises:
        WrongSourceError: It means nothing.
    """
    spec = spec_of(text)
    if isinstance(spec, str):
        return streams_of([spec], zone, places.limits)
    return (_stream(spec, text, places),)


def _stream(spec: Journal | Docker | Kubectl | Loki | Elastic, text: str, places: Places) -> Stream:
    match spec:
        case Journal():
            program = replace(spec, directory=places.journal_directory)
            return CommandStream(name=text, program=program, limits=places.limits)
        case Docker():
            return CommandStream(name=text, program=spec, limits=places.limits)
        case Kubectl():
            program = replace(spec, context=places.kubectl_context)
            return CommandStream(name=text, program=program, limits=places.limits)
        case Loki():
            if places.loki is None:
                return UnreachableStream(name=text, reason=f"{text}: logs.loki_url is not set")
            return ServerStream(name=text, endpoint=places.loki, api=spec, limits=places.limits)
        case Elastic():
            if places.elastic is None:
                return UnreachableStream(name=text, reason=f"{text}: logs.elastic_url is not set")
            api = replace(spec, time_field=places.elastic_time_field)
            return ServerStream(name=text, endpoint=places.elastic, api=api, limits=places.limits)
        case _:
            assert_never(spec)
