"""What people see of a template."""

from __future__ import annotations

import pytest

from bot.skills.logs.masks import generalise, mask, message_of, readable, render


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        (
            "2026-11-21T08:15:02.113Z ERROR pool exhausted: 10/10 in use, waited 2000 ms",
            "pool exhausted: <n>/<n> in use, waited <n> ms",
        ),
        ("INFO connect to 10.0.3.7:5432 as user root", "connect to <ip> as user root"),
        ("upload of 'sales report' to /srv/out done", "upload of 'sales report' to /srv/out done"),
        ("upload to /srv/out/17 done", "upload to <path> done"),
        ("GET https://example.org/a?b=1 took 3s", "GET <url> took <n>s"),
        ("job f47ac10b-58cc-4372-a567-0e02b2c3d479 lost", "job <id> lost"),
        ("WARN [worker-3] java.io.IOException: x", "java.io.IOException: x"),
    ],
)
def test_patterns_are_readable(line: str, pattern: str) -> None:
    assert render(mask(line).pieces) == pattern


def test_a_piece_that_changes_becomes_a_wildcard() -> None:
    pieces = generalise(mask("client=orders asks").pieces, mask("client=reports asks").pieces)
    assert render(pieces) == "client=<*> asks"


def test_json_lines_are_read_by_their_message() -> None:
    line = '{"ts":"2026-11-21T08:15:02Z","level":"error","msg":"no route","error":"timeout"}'
    assert readable(line) == "ERROR no route error: timeout"
    assert readable('{"broken') == '{"broken'
    assert readable("[1, 2]") == "[1, 2]"


def test_the_message_is_what_follows_time_level_and_service() -> None:
    line = "2026-11-21T08:15:02.113Z ERROR checkout [req-1a2b3c4d] pool exhausted"
    assert message_of(line, "checkout") == "pool exhausted"
    assert message_of("plain words", "checkout") == "plain words"
