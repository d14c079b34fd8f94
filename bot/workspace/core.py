"""Everything a request handler needs, wired once when the server starts."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .changes import Changes
from .events import Events
from .faults import Faults
from .posting import Posting
from .rate_limits import RateLimits
from .response_urls import ResponseUrls
from .socket_mode import SocketMode
from .state import State
from .timing import Timing
from .traffic import Traffic
from .triggers import Triggers
from .views import Views
from .wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may come in.

    Attributes:
        bot_token: For the Web API.
        app_token: For `apps.connections.open`.
        page_token: Part of the page's address.
    """

    bot_token: str
    app_token: str
    page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The parts of a running server."""

    access: Access
    timing: Timing
    bot_user_id: str
    state: State
    wire: Wire
    events: Events
    changes: Changes
    traffic: Traffic
    sockets: SocketMode
    posting: Posting
    views: Views
    triggers: Triggers
    response_urls: ResponseUrls
    faults: Faults
    rate_limits: RateLimits | None


def build_core(  # noqa: PLR0913 - the one place where the server is wired
    *,
    access: Access,
    timing: Timing,
    state: State,
    changes: Changes,
    traffic: Traffic,
    faults: Faults,
    base_url: str,
    bot_user_id: str,
    subscriptions: frozenset[str],
    rate_limited: bool,
) -> Core:
    """Wire a server around its state."""
    wire = Wire(state, base_url)
    events = Events(wire, bot_user_id, subscriptions)
    sockets = SocketMode(timing, traffic, changes)
    posting = Posting(state, wire, events, sockets, changes)
    return Core(
        access=access,
        timing=timing,
        bot_user_id=bot_user_id,
        state=state,
        wire=wire,
        events=events,
        changes=changes,
        traffic=traffic,
        sockets=sockets,
        posting=posting,
        views=Views(),
        triggers=Triggers(time.monotonic, timing.trigger_ttl_s),
        response_urls=ResponseUrls(posting, bot_user_id, time.monotonic, timing.response_url_ttl_s),
        faults=faults,
        rate_limits=RateLimits() if rate_limited else None,
    )
