"""From the settings to streams: what each configured service name means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo

from .file import FileStream
from .rotation import streams_of


def configured_streams(
    sources: Mapping[str, Sequence[str]], services: Sequence[str], zone: tzinfo = UTC
) -> dict[str, tuple[FileStream, ...]]:
    """The streams of some configured services (all when none is named), by service."""
    wanted = services or tuple(sources)
    return {name: streams_of(sources[name], zone) for name in wanted if name in sources}
