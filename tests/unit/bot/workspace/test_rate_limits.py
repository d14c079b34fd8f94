"""Rate limits let bursts pass, then ask for patience, then recover."""

from __future__ import annotations

from bot.workspace.rate_limits import RateLimits


def test_an_edit_is_refused_after_fifty_in_a_minute_and_passes_later() -> None:
    limits = RateLimits()
    assert [limits.wait_s("chat.update", "C1", 0.0) for _ in range(50)] == [None] * 50
    wait_s = limits.wait_s("chat.update", "C1", 0.0)
    assert wait_s is not None
    assert limits.wait_s("chat.update", "C1", float(wait_s)) is None


def test_posts_are_limited_by_channel() -> None:
    limits = RateLimits()
    while limits.wait_s("chat.postMessage", "C1", 0.0) is None:
        pass
    assert limits.wait_s("chat.postMessage", "C2", 0.0) is None


def test_methods_without_a_limit_always_pass() -> None:
    limits = RateLimits()
    assert {limits.wait_s("auth.test", "", 0.0) for _ in range(500)} == {None}
