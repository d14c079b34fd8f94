from __future__ import annotations

import time

import pytest

from runbooks.expectations import MAX_SEARCHED_CHARS, first_number, unmet
from runbooks.schema import Expect


@pytest.mark.parametrize(
    ("expect", "output"),
    [
        (Expect(output="^ready$"), "starting\nready\n"),
        (Expect(absent="error"), "all is well"),
        (Expect(minimum=10, maximum=20), "used 15 of 100"),
        (Expect(maximum=90), "/dev/sda1 87% /"),
        (Expect(minimum=-5), "-4.5 degrees"),
        (Expect(output="ok", absent="fail", minimum=1), "ok: 1 worker"),
    ],
)
def test_what_is_expected_is_found(expect: Expect, output: str) -> None:
    assert unmet(expect, output) is None


@pytest.mark.parametrize(
    ("expect", "output", "why"),
    [
        (Expect(output="^ready$"), "not ready", "has no '^ready$'"),
        (Expect(absent="error"), "one error", "has 'error'"),
        (Expect(minimum=10), "9.5", "9.5 is less than 10"),
        (Expect(maximum=10), "1e3", "1000 is more than 10"),
        (Expect(minimum=1), "v2 of sda1", "has no number"),
        (Expect(output="x"), "x" * (MAX_SEARCHED_CHARS + 1), "too many to look through"),
    ],
)
def test_what_is_not_as_expected_is_said(expect: Expect, output: str, why: str) -> None:
    assert why in (unmet(expect, output) or "")


def test_hostile_output_cannot_make_a_search_take_long() -> None:
    began = time.monotonic()
    fault = unmet(Expect(output=r"^(a|aa)+$\Z"), "a" * 5000 + "!", limit_s=0.05)
    assert fault == "looking through the output took longer than 0.05 s"
    assert time.monotonic() - began < 2


def test_the_first_number_stands_for_itself() -> None:
    assert first_number("sda1 has 3 of 4") == 3
    assert first_number("no number") is None
