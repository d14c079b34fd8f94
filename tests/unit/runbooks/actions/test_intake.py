"""Output as it comes: in any pieces, with lines of any length."""

from __future__ import annotations

import pytest

from runbooks.actions.intake import MAX_RAW_LINE_BYTES, OutputIntake

SECRET = "hunter2verysecret42"


@pytest.mark.parametrize("n_before", [0, 1, 5, 9, 12, 20])
@pytest.mark.parametrize("n_chunk", [1000, MAX_RAW_LINE_BYTES, 10 * MAX_RAW_LINE_BYTES])
def test_a_secret_in_an_overlong_line_is_never_shown_in_part(n_before: int, n_chunk: int) -> None:
    line = b"x" * (MAX_RAW_LINE_BYTES - n_before) + b"password=" + SECRET.encode() + b" y\nlast\n"
    intake = OutputIntake()
    shown = [
        text
        for start in range(0, len(line), n_chunk)
        for text in intake.feed(line[start : start + n_chunk])
    ]
    whole = "\n".join([*shown, *intake.end(), intake.text])
    assert SECRET[-8:] not in whole
    assert shown[-1] == "last"
    assert len(shown) == 2


@pytest.mark.parametrize("n_before", range(MAX_RAW_LINE_BYTES - 40, MAX_RAW_LINE_BYTES + 40, 7))
@pytest.mark.parametrize("n_chunk", [999, 100_000])
def test_a_private_key_that_begins_in_an_overlong_line_is_hidden(
    n_before: int, n_chunk: int
) -> None:
    key = b"-----BEGIN RSA PRIVATE KEY-----\nMIIBODYBODY\n-----END RSA PRIVATE KEY-----\nafter\n"
    output = b"x" * n_before + key
    intake = OutputIntake()
    shown = [
        text
        for start in range(0, len(output), n_chunk)
        for text in intake.feed(output[start : start + n_chunk])
    ]
    assert "BODY" not in "\n".join([*shown, intake.text])
    assert shown[-1] == "after"
