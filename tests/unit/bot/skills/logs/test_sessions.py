"""What nearly all do is expected; what hardly any do is unusual."""

from __future__ import annotations

from bot.skills.logs.sessions import unusual


def _sessions(n: int = 100) -> dict[str, set[str]]:
    return {f"job{k}": {"begin", "end"} | ({"cached"} if k % 2 else set()) for k in range(n)}


def test_like_sessions_have_nothing_unusual() -> None:
    assert unusual(_sessions()) == {}


def test_a_rare_message_and_a_lacking_one_are_both_named() -> None:
    found = unusual({**_sessions(), "early": {"begin"}, "odd": {"begin", "end", "oops"}})
    assert set(found) == {"early", "odd"}
    assert found["early"].lacking == {"end"}
    assert found["odd"].rare == {"oops"}


def test_a_handful_of_sessions_tells_nothing() -> None:
    assert unusual({"a": {"x"}, "b": {"y"}}) == {}
