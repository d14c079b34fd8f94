"""How long things may take, as Slack has it; tests shorten them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Windows and delays, all in seconds.

    Attributes:
        ack_timeout_s: How long an envelope may stay unacknowledged.
        redelivery_delays_s: Waits before each redelivery of an event.
        trigger_ttl_s: Life of a trigger id.
        response_url_ttl_s: Life of a response URL.
        stream_ttl_s: Life of a streamed message; later appends and stops fail.
        status_ttl_s: A status line disappears after this without a message.
        save_delay_s: Changes are written to the state file at most this much later.
    """

    ack_timeout_s: float = 3.0
    redelivery_delays_s: tuple[float, ...] = (0.0, 60.0, 300.0)
    trigger_ttl_s: float = 3.0
    response_url_ttl_s: float = 1800.0
    stream_ttl_s: float = 300.0
    status_ttl_s: float = 120.0
    save_delay_s: float = 0.5
