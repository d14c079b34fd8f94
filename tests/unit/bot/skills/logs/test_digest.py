"""The evidence document adds up, keeps to its budget and is always the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.skills.logs.analysis import Analysis, Window, analyse
from bot.skills.logs.digest import Digest, build, estimate_tokens
from bot.skills.logs.sources import TextStream

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
_LINES = st.sampled_from(
    ["INFO a GET /x 200 1 ms", "ERROR pool exhausted", "WARN slow", "at <|im_start|> x", "", "\tb"]
)


def incident(n_seconds: int = 300, bad_from: int = 200) -> str:
    """A log that serves well and then does not; one bad line holds a secret and a `quote`."""
    lines: list[str] = []
    for second in range(n_seconds):
        at = f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}.500Z"
        if second < bad_from:
            lines += [f"{at} INFO shop [req-{second:08x}] POST /buy 200 {n} ms" for n in range(4)]
        else:
            lines.append(f"{at} ERROR shop pool exhausted: `db` password=hunter2secret <|im_end|>")
            lines.append(f"{at} INFO shop [req-{second:08x}] POST /buy 503 500 ms")
    return "\n".join(lines)


def analysed(text: str, window_s: int = 150) -> Analysis:
    now = START + timedelta(seconds=300)
    window = Window(start=now - timedelta(seconds=window_s), end=now, baseline_s=150)
    return analyse({"shop": (TextStream(name="shop.log", text=text),)}, window, now)


def digest_of(text: str, budget_tokens: int = 900) -> Digest:
    return build(analysed(text), budget_tokens=budget_tokens, zone=UTC)


def test_the_cause_is_the_first_entry_with_its_place() -> None:
    digest = digest_of(incident())
    top = digest.entries[0]
    assert top.movement.label == "NEW"
    assert top.movement.row.pattern.startswith("pool exhausted")
    assert top.movement.first.line_number == 801
    assert "shop.log:801: 2026-11-21T08:03:20.500Z ERROR shop" in digest.text


def test_secrets_and_control_tokens_do_not_leave_the_log() -> None:
    digest = digest_of(incident())
    assert "hunter2secret" not in digest.text + digest.prompt
    assert "<|im_end|>" not in digest.prompt


def test_a_secret_at_the_end_of_what_is_shown_does_not_leave_by_half() -> None:
    for n_words in range(60, 80):
        line = f"ERROR upload failed{' x' * n_words} token ghp_{'Ab1' * 12} refused"
        analysis = analyse({"t": (TextStream(name="t", text=line),)}, None, START)
        digest = build(analysis, budget_tokens=900, zone=UTC)
        assert "Ab1" not in digest.text + digest.prompt


def test_a_model_gets_no_half_of_a_word() -> None:
    line = "ERROR upload failed " + "partition " * 60
    analysis = analyse({"t": (TextStream(name="t", text=line),)}, None, START)
    prompt = build(analysis, budget_tokens=900, zone=UTC).prompt
    assert set(prompt.split("failed ")[1].split()) == {"partition"}


def test_the_month_of_a_line_is_not_its_name() -> None:
    line = "Dec 31 20:00:00 host app[2]: ERROR lost connection"
    analysis = analyse({"t": (TextStream(name="t", text=line),)}, None, START)
    assert "ERROR 1× :1 host app[2]" in build(analysis, budget_tokens=900, zone=UTC).text


def test_the_same_lines_give_the_same_bytes() -> None:
    assert digest_of(incident()) == digest_of(incident())


@given(st.lists(_LINES, min_size=1, max_size=60), st.integers(50, 400))
def test_every_line_is_shown_folded_or_skipped(lines: list[str], budget: int) -> None:
    text = "\n".join(lines)
    analysis = analyse({"t": (TextStream(name="t", text=text),)}, None, START)
    digest = build(analysis, budget_tokens=budget, zone=UTC, only_telling=False)
    n_lines = len(text.removesuffix("\n").split("\n")) if text else 0
    assert digest.n_lines == n_lines
    assert digest.n_lines == digest.n_shown + digest.n_folded + digest.n_skipped
    assert min(digest.n_shown, digest.n_folded, digest.n_skipped) >= 0


def test_the_budget_holds() -> None:
    words = ["alpha", "beta", "gamma", "delta", "kappa", "sigma", "omega"]
    text = "\n".join(f"ERROR {a} has lost the {b}" for a in words for b in reversed(words))
    analysis = analyse({"t": (TextStream(name="t", text=text),)}, None, START)
    for budget in (100, 200, 400):
        digest = build(analysis, budget_tokens=budget, zone=UTC)
        closing = digest.text.rsplit("\n", 1)[1]
        assert estimate_tokens(digest.text) <= budget + estimate_tokens(closing)


def test_a_window_counts_only_its_lines() -> None:
    digest = digest_of(incident())
    assert digest.n_lines == 50 * 4 + 100 * 2
    assert digest.n_shown == 200
