"""What the engine's own process is told, and how a terminal finds it."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from bot.engine_note import find_note, forget_dead_note, forget_note, write_note
from bot.settings import Settings, SettingsError, engine_environment, load_settings
from bot.settings import settings_for_engine as read_passed


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        home=tmp_path / "home",
        model="smollm2-135m",
        slack={"bot_token": "xoxb-secret"},
        inference={
            "n_ctx": 2048,
            "remote_url": "http://far/v1",
            "remote_model": "big",
            "remote_token": "s3cret",
            "order": {"logs": "local,remote"},
        },
    )


def test_the_process_gets_the_same_engine_settings_in_one_line(settings: Settings) -> None:
    passed = read_passed(settings.for_engine().encode())
    assert "\n" not in settings.for_engine()
    assert (passed.home, passed.model, passed.models_dir) == (
        settings.home,
        settings.model,
        settings.models_dir,
    )
    secret = {"remote_token"}
    assert passed.inference.model_dump(exclude=secret) == settings.inference.model_dump(
        exclude=secret
    )
    told = settings.inference.model_fields_set - secret
    assert passed.inference.model_fields_set == told, "what nobody set would overrule the tuning"


def test_no_secret_is_passed_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "xoxb" not in settings.for_engine()
    assert "s3cret" not in settings.for_engine()
    secrets = (
        "SLACK_BOT_TOKEN",
        "OPSBOT_DATABASE_URL",
        "OPSBOT_INFERENCE__REMOTE_TOKEN",
        "OPSBOT_LOGS__ELASTIC_API_KEY",
        "OPSBOT_LOGS__ELASTIC_PASSWORD",
        "OPSBOT_LOGS__LOKI_TOKEN",
        "OPSBOT_SERVE__TOKEN",
    )
    for name in secrets:
        monkeypatch.setenv(name, "xoxb-secret")
    environment = engine_environment()
    assert not environment.keys() & set(secrets)
    assert environment["GGML_NO_BACKTRACE"] == "1"


@pytest.mark.parametrize("document", [b"", b"[]\n", b"{broken", b'{"no_such_setting": 1}'])
def test_a_process_that_is_told_nonsense_says_so(document: bytes) -> None:
    with pytest.raises(SettingsError):
        read_passed(document)


def test_a_note_is_found_by_the_same_models_while_its_bot_lives(settings: Settings) -> None:
    write_note(settings, socket=Path("/tmp/x/engine.sock"), model_name="tiny")
    note = find_note(settings)
    assert note is not None
    assert (note.socket, note.model_name) == ("/tmp/x/engine.sock", "tiny")
    assert find_note(settings.model_copy(update={"model": "other"})) is None
    forget_note(settings)
    assert find_note(settings) is None


def test_the_note_of_a_dead_bot_or_of_somebody_with_its_number_is_not_believed(
    settings: Settings,
) -> None:
    write_note(settings, socket=Path("/tmp/x/engine.sock"), model_name="tiny")
    file = settings.home / "engine.json"
    note = json.loads(file.read_text())
    file.write_text(json.dumps(note | {"started": note["started"] - 100}))
    assert find_note(settings) is None
    dead = max(psutil.pids()) + 100_000
    file.write_text(json.dumps(note | {"pid": dead}))
    assert find_note(settings) is None
    forget_note(settings)
    assert file.exists()
    assert forget_dead_note(settings) == Path("/tmp/x/engine.sock")
    assert not file.exists()
    write_note(settings, socket=Path("/tmp/x/engine.sock"), model_name="tiny")
    assert forget_dead_note(settings) is None
    file.write_text("{broken")
    assert find_note(settings) is None
