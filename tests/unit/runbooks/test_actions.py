"""Actions one at a time: output that is safe, requests that stay where they may."""

from __future__ import annotations

import httpx
import pytest

from runbooks.actions.base import ActionContext, ActionResult, collect
from runbooks.actions.http import HttpRunner
from runbooks.actions.intake import OutputIntake
from runbooks.actions.kinds import CommandAction, HttpAction
from runbooks.actions.output import LineCleaner, bounded
from runbooks.describe import describe, visible


def answering(
    status: int, *, text: str = "ok", headers: dict[str, str] | None = None
) -> HttpRunner:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=text, headers=headers)

    return HttpRunner(transport=httpx.MockTransport(answer))


async def ask(runner: HttpRunner, url: str, expect_status: int = 200) -> ActionResult:
    action = HttpAction(url=url, expect_status=expect_status)
    return await collect(runner, action, ActionContext())


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "http://user@example.com/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://",
    ],
)
async def test_only_https_or_this_machine_is_asked(url: str) -> None:
    result = await ask(answering(200), url)
    assert not result.ok
    assert "only https" in result.detail


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8/", "http://localhost/", "http://[::1]/x", "https://example.com/"]
)
async def test_the_expected_status_is_success(url: str) -> None:
    assert (await ask(answering(200), url)).ok


async def test_a_host_can_be_declared_for_plain_http() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    runner = HttpRunner(plain_hosts=frozenset({"intranet"}), transport=transport)
    assert (await ask(runner, "http://intranet/")).ok


async def test_another_status_is_a_failure_that_names_both() -> None:
    result = await ask(answering(503), "https://example.com/", expect_status=204)
    assert (result.ok, result.detail) == (False, "GET answered 503, expected 204")


async def test_a_redirect_is_not_followed() -> None:
    result = await ask(answering(302, headers={"location": "https://evil/"}), "https://a.example/")
    assert result.detail == "GET answered 302, expected 200"


async def test_a_refused_connection_is_a_result() -> None:
    result = await ask(HttpRunner(), "http://127.0.0.1:9/")
    assert not result.ok
    assert result.detail.startswith("no answer")


async def test_a_long_body_is_cut() -> None:
    result = await ask(answering(200, text="x" * 200_000), "https://example.com/")
    assert len(result.output) < 10_000
    assert "only the first 65536 bytes" in result.output


def test_a_private_key_is_hidden_over_several_lines() -> None:
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    cleaner = LineCleaner()
    shown = [cleaner.clean(line) for line in ("a", begin, "MIIEsecret", end, "b")]
    assert shown == ["a", "[private key]", "[private key]", "[private key]", "b"]


def test_escape_sequences_do_not_reach_a_terminal() -> None:
    assert LineCleaner().clean("\x1b[31mred\x1b[0m\x07\x9b2J") == "red2J"


def test_a_long_line_says_how_much_was_cut() -> None:
    assert LineCleaner().clean("x " * 1500).endswith("… 1000 characters cut")


@pytest.mark.parametrize(("n_lines", "n_kept"), [(0, 0), (4, 4), (5, 5), (9, 6)])
def test_head_and_tail_are_kept(n_lines: int, n_kept: int) -> None:
    keeper = OutputIntake(n_head_lines=2, n_tail_lines=3)
    for number in range(n_lines):
        keeper.feed(f"{number}\n".encode())
    keeper.end()
    kept = keeper.text.splitlines()
    assert len(kept) == n_kept
    assert ("… 4 lines cut …" in kept) is (n_lines == 9)
    assert kept[-1:] == ([str(n_lines - 1)] if n_lines else [])


def test_a_bounded_text_keeps_both_ends() -> None:
    text = bounded("a" * 50 + "b" * 50, 20)
    assert text == "a" * 10 + "\n… 80 characters cut …\n" + "b" * 10
    assert bounded("short", 20) == "short"


def test_a_command_is_shown_whole_with_its_limits_visible() -> None:
    action = CommandAction(
        argv=("echo", "a b", "", "x\u200by", "c\nd"), cwd="/srv", env={"M": "1 2"}
    )
    assert describe(action) == "echo 'a b' '' 'x\\u200by' 'c\\nd'   with M='1 2'   in /srv"


def test_a_secret_in_a_command_is_not_shown() -> None:
    action = CommandAction(argv=("psql", "postgres://app:hunter2hunter2@db/orders"))
    assert "hunter2hunter2" not in describe(action)


def test_direction_marks_are_made_visible() -> None:
    assert visible("user\u202etxt.exe") == "user\\u202etxt.exe"
