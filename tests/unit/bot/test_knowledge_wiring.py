"""Sources as the settings name them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from bot.knowledge_wiring import KINDS, configured_sources
from bot.settings import KnowledgeSettings, Settings, SettingsError, load_settings
from bot.source_settings import SourceKind, SourceSettings


def test_every_kind_that_can_be_written_can_be_made() -> None:
    assert set(get_args(SourceKind)) == KINDS.keys()


def test_folders_come_first_and_a_source_may_have_its_own_rhythm(tmp_path: Path) -> None:
    wiki = SourceSettings(name="wiki", location=str(tmp_path / "wiki"), sync_interval_s=60)
    plain = SourceSettings(name="plain", location=str(tmp_path / "plain"))
    knowledge = KnowledgeSettings(folders=(tmp_path,), sources=(wiki, plain), sync_interval_s=900)
    found = configured_sources(Settings(home=tmp_path, knowledge=knowledge))
    assert [(one.source.name, one.interval_s) for one in found] == [
        (str(tmp_path.resolve()), 900),
        ("wiki", 60),
        ("plain", 900),
    ]


def test_what_the_settings_say_is_said_of_every_document(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\ntext\n")
    record = SourceSettings(
        name="hr", location=str(tmp_path), groups=("hr",), owner="people", service="payroll"
    )
    settings = Settings(home=tmp_path, knowledge=KnowledgeSettings(sources=(record,)))
    (source,) = configured_sources(settings)
    (document,) = source.source.read({})
    metadata = getattr(document, "metadata")  # noqa: B009
    assert (metadata.groups, metadata.owner, metadata.service) == (
        frozenset({"hr"}),
        "people",
        "payroll",
    )


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ('[{name = "a", location = "x"}, {name = "a", location = "y"}]', "have the name a"),
        ('[{name = "a"}]', "location"),
        ('[{name = "a", location = "x", kind = "ftp"}]', "kind"),
        ('[{name = "a", location = "x", grups = ["hr"]}]', "grups"),
    ],
)
def test_a_wrong_source_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPSBOT_CONFIG", raising=False)
    (tmp_path / "opsbot.toml").write_text(f"[knowledge]\nsources = {sources}\n")
    with pytest.raises(SettingsError, match=said):
        load_settings()
