"""Looks at logs for one question: reads, compares, folds what is ignored, chooses what is shown."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo

from ...messages import Attachment
from ...settings import LogSettings
from .analysis import Analysis, Window, analyse, analyse_earlier, analyse_related
from .book import LogBook
from .digest import build
from .findings import Movement
from .looked import Looked
from .marks import Marking, apply
from .scope import Scope
from .sources import (
    Places,
    Stream,
    TextStream,
    configured_streams,
    places_of,
    stopped_after,
)
from .window import window_in

_RELATED_LIMIT_S = 0.4
_MAX_BASELINE_S = 6 * 3600.0
_MAX_ENTRIES = 8


class Looking:
    """One question's way to the logs. Its methods block, and end soon once `places` says stop.

    Args:
        places: Where programs and servers are, for this question alone.
        zone: The zone of log lines that name none.
        book: Knows what is ignored.
        count_tokens: How long a text is for the model that explains.
    """

    def __init__(
        self,
        settings: LogSettings,
        places: Places,
        *,
        zone: tzinfo,
        book: LogBook | None,
        count_tokens: Callable[[str], int],
    ) -> None:
        self._settings = settings
        self._places = places
        self._zone = zone
        self._book = book
        self._count_tokens = count_tokens

    def services(self, names: Sequence[str]) -> Mapping[str, tuple[Stream, ...]]:
        """The streams of configured services, by service."""
        return configured_streams(self._settings.sources, names, self._zone, self._places)

    def asked(self, text: str, scope: Scope, now: datetime, zone: tzinfo) -> Looked:
        """The time that a question speaks of; texts without one are read as a whole.

        Args:
            now: Aware.
            zone: The zone of the person who asks.
        """
        times = window_in(text, now, zone)
        if scope.texts and times is None:
            return self.at(scope, None, now, zone)
        if times is None:
            seconds = self._settings.window_s
            window = Window(start=now - timedelta(seconds=seconds), end=now, baseline_s=seconds)
        else:
            length_s = (times.end - times.start).total_seconds()
            window = Window(
                start=times.start, end=times.end, baseline_s=min(length_s, _MAX_BASELINE_S)
            )
        return self.at(scope, window, now, zone)

    def at(self, scope: Scope, window: Window | None, now: datetime, zone: tzinfo) -> Looked:
        """A window, compared with the time before it; None means everything there is."""
        streams = text_streams(scope.texts, self._zone) or self.services(scope.services)
        analysis = analyse(streams, window, now)
        foreign, others = self._related(scope, analysis, now)
        return self._ranked(scope, analysis, zone, foreign=foreign, others=others)

    def a_day_apart(self, scope: Scope, window: Window, now: datetime, zone: tzinfo) -> Looked:
        """A window against the same one a day earlier."""
        streams = self.services(scope.services)
        analysis = analyse_earlier(streams, window, timedelta(days=1), now)
        return self._ranked(scope, analysis, zone)

    def _ranked(
        self,
        scope: Scope,
        analysis: Analysis,
        zone: tzinfo,
        *,
        foreign: tuple[Movement, ...] = (),
        others: tuple[str, ...] = (),
    ) -> Looked:
        is_text = bool(scope.texts)
        marking = self._book.marking(is_text=is_text) if self._book is not None else Marking()
        marked = apply(marking, analysis)
        digest = build(
            marked.analysis,
            foreign=marking.without_ignored(foreign),
            budget_tokens=self._settings.budget_tokens,
            zone=zone,
            max_entries=_MAX_ENTRIES,
            count_tokens=self._count_tokens,
        )
        return Looked(
            scope=scope,
            marked=marked,
            marking=marking,
            digest=digest,
            zone=zone,
            other_services=others,
        )

    def _related(
        self, scope: Scope, analysis: Analysis, now: datetime
    ) -> tuple[tuple[Movement, ...], tuple[str, ...]]:
        """First sightings in the other services just before the failure, and who was looked at."""
        window, onset_at = analysis.window, analysis.onset_at
        others = [name for name in self._settings.sources if name not in scope.services]
        if scope.texts or window is None or onset_at is None or not others:
            return (), ()
        found, left_out = analyse_related(
            self.services(others), window, now, onset_at=onset_at, time_limit_s=_RELATED_LIMIT_S
        )
        return found, tuple(name for name in others if name not in left_out)


@contextmanager
def looking(
    settings: LogSettings,
    *,
    zone: tzinfo,
    book: LogBook | None,
    count_tokens: Callable[[str], int],
) -> Generator[Looking]:
    """What one question looks at logs with; leaving the block stops whatever still reads for it."""
    places = places_of(settings)
    with stopped_after(places.limits):
        yield Looking(settings, places, zone=zone, book=book, count_tokens=count_tokens)


def text_streams(texts: Sequence[Attachment], zone: tzinfo) -> Mapping[str, tuple[Stream, ...]]:
    """The streams of pasted or uploaded texts, by name; of the same name, each with a number."""
    streams: dict[str, tuple[Stream, ...]] = {}
    for text in texts:
        name, n_same = text.name, 1
        while name in streams:
            n_same += 1
            name = f"{text.name} ({n_same})"
        stream = TextStream(name=name, text=text.text, zone=zone, problems=text.problems)
        streams[name] = (stream,)
    return streams
