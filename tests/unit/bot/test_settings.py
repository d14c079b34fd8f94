"""Settings are read once, from named places, and every fault is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import SettingsError, is_loopback, load_settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("OPSBOT_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "opsbot.toml").write_text('model = "from-file"\nport = 7001\n', encoding="utf-8")
    monkeypatch.setenv("OPSBOT_MODEL", "from-environment")
    settings = load_settings()
    assert (settings.model, settings.port) == ("from-environment", 7001)


def test_every_fault_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_PORT", "70000")
    monkeypatch.setenv("OPSBOT_LOGS__WINDOW_S", "soon")
    with pytest.raises(SettingsError, match=r"(?s)port.*logs\.window_s|logs\.window_s.*port"):
        load_settings()


@pytest.mark.parametrize("name", ["OPSBOT_MODLE", "OPSBOT_LOGS__WINDOWS"])
def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError):
        load_settings()


def test_a_misspelt_variable_gets_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_MODLE", "x")
    with pytest.raises(SettingsError, match="did you mean OPSBOT_MODEL"):
        load_settings()


def test_an_unknown_key_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "opsbot.toml").write_text("[logs]\nwindow = 5\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"logs\.window"):
        load_settings()


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "opsbot.toml").write_text("model = \n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"opsbot\.toml"):
        load_settings()


def test_slacks_own_variables_are_read_and_tokens_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    settings = load_settings()
    assert settings.slack.bot_token.get_secret_value() == "xoxb-secret"
    assert "xoxb-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8765/api/", True),
        ("http://localhost/api/", True),
        ("http://127.0.0.1.evil.example/api/", False),
        ("https://slack.com/api/", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, local: bool) -> None:
    assert is_loopback(url) is local
