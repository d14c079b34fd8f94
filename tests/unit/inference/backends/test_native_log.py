from __future__ import annotations

from collections.abc import Callable

from structlog.testing import capture_logs

from inference.backends.native_log import NativeLog

Heard = Callable[[int, bytes, object], None]


def log() -> NativeLog:
    def as_callback(function: Heard) -> Heard:
        return function

    return NativeLog(as_callback)


def test_lines_become_debug_events_but_its_debug_and_dots_do_not() -> None:
    with capture_logs() as events:
        heard = log()
        for level, text in [(1, b"noise"), (2, b"loaded\n"), (4, b"bad\n"), (5, b"."), (2, b"\n")]:
            heard.hear(level, text, None)
    assert [(event["log_level"], event["line"]) for event in events] == [
        ("debug", "loaded"),
        ("debug", "bad"),
    ]


def test_the_reason_is_the_last_error() -> None:
    heard = log()
    assert heard.reason() == "no reason was given"
    heard.hear(4, b"first\n", None)
    heard.hear(4, "second \xff".encode("latin-1"), None)
    heard.hear(3, b"a warning\n", None)
    assert heard.reason() == "second \N{REPLACEMENT CHARACTER}"
