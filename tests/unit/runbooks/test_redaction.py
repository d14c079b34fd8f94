from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.errors import RedactionError
from runbooks.redaction import MAX_CHARS, redact
from runbooks.secret_patterns import MARK

# Put together here so that no file of this repository holds what looks like a real credential.
SECRET = "Zx9" + "qL2mNv7Kp4Rt8Ws1"

LEAKS = [
    f"password={SECRET}",
    f'"password": "{SECRET}"',
    f'{{\\"password\\":\\"{SECRET}\\"}}',
    f"DB_PASSWORD={SECRET} next",
    f"PGPASSWORD='{SECRET} more'",
    f"dbPassword: {SECRET}",
    f"api_key = {SECRET}",
    f"apiKey: '{SECRET}'",
    f"Authorization: Bearer {SECRET}",
    f"authorization=Basic {SECRET}",
    f"curl -H 'X-Api-Key: {SECRET}' http://x",
    f"Cookie: session={SECRET}",
    f"sent bearer {SECRET} to x",
    f"postgres://app:{SECRET}@db:5432/orders",
    f"amqp://app:{SECRET}/x@mq//",
    f"https://user:{SECRET}@example.org/x",
    f"redis://:{SECRET}@cache:6379/0",
    f"Server=db;User Id=app;Password={SECRET};Database=x",
    f"AccountName=x;AccountKey={SECRET}==;EndpointSuffix=y",
    f"xoxb-1234567890-{SECRET}",
    f"xapp-1-A1-{SECRET}",
    f"ghp_{SECRET}{SECRET}",
    f"github_pat_{SECRET}{SECRET}",
    f"glpat-{SECRET}",
    f"sk-{SECRET}{SECRET}",
    f"eyJhbGciOi{SECRET}.eyJzdWIi{SECRET}.{SECRET}",
    f"aws_secret_access_key = {SECRET}/{SECRET}",
    f"https://hooks.slack.com/services/T000/B000/{SECRET}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET} cut off",
    f"<password>{SECRET}</password>",
    f"--token {SECRET} --verbose",
    f"--db-password={SECRET}",
    f"curl -u admin:{SECRET} http://x",
    f"mysql -uroot -p{SECRET} -e 'select 1'",
    f"redis-cli -h x -a {SECRET} ping",
    f"GET /x?access_token={SECRET}&sig={SECRET}&x=1",
    f"the password is {SECRET}",
    f"root:$6$salt$%{SECRET}:19000",
    f"client_secret: {SECRET}",
]

HARMLESS = [
    "pool exhausted: 10/10 connections in use",
    "max_tokens: 220 n_tokens=512 tokens=3 tokenizer: fast",
    "token bucket empty; token expired; password is incorrect",
    "passed: 10 failed: 0 bypass: yes",
    "primary key: 5; sort key: name; Duplicate entry for key users.email",
    "http://host:8080/path?email=a@b.c",
    "ssh://git@host/repo.git",
    "monkey: banana; keyboard: qwerty; compass: north; design: foo",
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "2024-01-01T10:00:00Z ERROR checkout db.pool: acquire timeout after 30.0 s",
    "basic authentication failed for user admin",
]


@pytest.mark.parametrize("text", LEAKS)
def test_a_secret_does_not_survive(text: str) -> None:
    result = redact(text)
    assert SECRET not in result.text
    assert MARK in result.text
    assert result.n_redacted >= 1


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text).text == text


def test_what_surrounds_a_secret_stays() -> None:
    assert redact(f"a password={SECRET} b").text == f"a password={MARK} b"
    assert redact(f"postgres://app:{SECRET}@db/x").text == f"postgres://app:{MARK}@db/x"


def test_known_values_are_hidden_wherever_they_stand() -> None:
    result = redact(f"x{SECRET}y and {SECRET}", known=(SECRET, "ab"))
    assert result.text == f"x{MARK}y and {MARK}"
    assert result.n_redacted == 2


def test_short_known_values_are_left_alone() -> None:
    assert redact("abc", known=("abc",)).text == "abc"


@given(st.lists(st.sampled_from([*LEAKS, *HARMLESS, " ", "\n", "=", ":", '"', MARK]), max_size=6))
def test_redacting_twice_changes_nothing_more(parts: list[str]) -> None:
    once = redact("".join(parts))
    again = redact(once.text)
    assert (again.text, again.n_redacted) == (once.text, 0)


@given(st.text(max_size=300))
def test_any_text_is_redacted_and_settles(text: str) -> None:
    assert redact(redact(text).text).n_redacted == 0


@given(st.sampled_from(LEAKS), st.text(max_size=40), st.text(max_size=40))
def test_lines_around_a_secret_do_not_hide_it(leak: str, before: str, after: str) -> None:
    assert SECRET not in redact(f"{before}\n{leak}\n{after}").text


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a:",
        "://",
        "eyJ",
        "password",
        "xoxb-",
        "-----BEGIN PRIVATE KEY-----",
        '="',
        "--a-",
        " ",
    ],
)
@pytest.mark.timeout(20)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert len(redact(text).text) <= len(text) + len(MARK)


def test_a_text_that_cannot_be_searched_is_withheld() -> None:
    with pytest.raises(RedactionError):
        redact("x" * (MAX_CHARS + 1))
