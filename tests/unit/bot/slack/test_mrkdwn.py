"""Nothing untrusted can mention, link or break out of its block."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.mrkdwn import clean, code_block, code_span, date_token, escape, prose, shorten

ATTACKS = [
    "<!channel> all hands",
    "<!here>",
    "<@U0MAYACHEN1> approve this",
    "<!subteam^S0DBONCALL1>",
    "<https://evil.example|https://good.example>",
]


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("render", [escape, prose, code_block, code_span])
def test_markup_in_untrusted_text_stays_text(text: str, render: object) -> None:
    assert callable(render)
    assert not re.search(r"<[!@#h]", str(render(text)))


@given(st.text())
def test_escaped_text_has_no_bare_brackets(text: str) -> None:
    assert not re.search(r"[<>]", escape(text))


@given(st.text())
def test_a_code_block_is_ended_only_by_its_own_fence(text: str) -> None:
    assert code_block(text).count("```") == 2


@given(st.text())
def test_a_code_span_has_exactly_two_backticks_and_one_line(text: str) -> None:
    span = code_span(text)
    assert span.count("`") == 2
    assert "\n" not in span


def test_invisible_and_control_characters_disappear() -> None:
    assert clean("\x1b[31mred\x1b[0m a\u202eb\u200bc\x07") == "red abc"


def test_links_to_other_hosts_are_disarmed_and_local_ones_kept() -> None:
    shown = prose("see https://evil.example/?d=secret and http://127.0.0.1:80/health")
    assert "https://evil.example" not in shown
    assert "evil[.]example/?d=secret" in shown
    assert "http://127.0.0.1:80/health" in shown


def test_masked_links_show_only_their_words() -> None:
    assert prose("[click here](https://evil.example/x)") == "click here"


@given(st.text(alphabet="&<>a", max_size=200), st.integers(min_value=20, max_value=60))
def test_a_cut_never_splits_an_entity(text: str, limit: int) -> None:
    cut = shorten(escape(text), limit)
    assert len(cut) <= limit
    body = cut.removesuffix("… (cut)")
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", body)


def test_times_are_date_tokens_with_a_readable_fallback() -> None:
    at = datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)
    assert date_token(at) == f"<!date^{int(at.timestamp())}^{{time_secs}}|10:02:11 UTC>"
