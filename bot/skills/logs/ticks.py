"""Ticks: stretches of a power of two seconds or lines, of which there are never too many."""

from __future__ import annotations

_MAX_TICKS = 1024


def room_for(moment: int, tick_size: int, low_tick: int) -> tuple[int, int]:
    """The tick size at which ticks from the lowest to a moment's are few enough.

    Args:
        moment: In seconds or lines.

    Returns:
        Tick size, at least the given one, and the lowest tick, the moment's included.
    """
    tick = moment // tick_size
    low_tick = min(low_tick, tick)
    while tick - low_tick >= _MAX_TICKS:
        tick_size *= 2
        tick //= 2
        low_tick //= 2
    return tick_size, low_tick
