"""Sources as the settings name them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from bot.knowledge_settings import KnowledgeSettings
from bot.knowledge_wiring import configured_sources, make_source, source_at
from bot.settings import Settings, SettingsError, load_settings
from bot.source_settings import SourceKind, SourceSettings
from knowledge import Document, SourceError


@pytest.mark.parametrize("kind", get_args(SourceKind))
def test_every_kind_that_can_be_written_can_be_made(tmp_path: Path, kind: SourceKind) -> None:
    location = "" if kind in ("runbooks", "log-templates") else str(tmp_path)
    record = SourceSettings(name="one", kind=kind, location=location)
    source = make_source(Settings(home=tmp_path), record)
    assert (source.name, source.kind) == ("one", kind)


@pytest.mark.parametrize("kind", ["runbooks", "log-templates"])
def test_what_the_bot_itself_knows_can_be_read(tmp_path: Path, kind: SourceKind) -> None:
    record = SourceSettings(name="own", kind=kind, groups=("ops",))
    found = list(make_source(Settings(home=tmp_path), record).read({}))
    documents = [one for one in found if isinstance(one, Document)]
    assert bool(documents) == (kind == "runbooks")
    assert all(one.metadata.groups == {"ops"} for one in documents)


def test_a_place_of_the_settings_keeps_its_groups_however_it_is_named(tmp_path: Path) -> None:
    (folder := tmp_path / "hr").mkdir()
    (folder / "a.md").write_text("# Pay\n\ntext\n")
    record = SourceSettings(name="hr", location=str(folder), groups=("hr",))
    settings = Settings(home=tmp_path, knowledge=KnowledgeSettings(sources=(record,)))
    source = source_at(settings, f"{folder}/../hr/")
    assert source.name == "hr"
    (document,) = source.read({})
    assert isinstance(document, Document)
    assert document.metadata.groups == {"hr"}


@pytest.mark.parametrize(
    ("location", "kind", "name"),
    [
        ("https://someone:secret@git.example/docs.git", "git", "https://git.example/docs.git"),
        ("git@git.example:docs.git", "git", "git@git.example:docs.git"),
        ("ssh://git.example/docs", "git", "ssh://git.example/docs"),
    ],
)
def test_an_address_is_a_repository_named_without_its_credentials(
    tmp_path: Path, location: str, kind: str, name: str
) -> None:
    source = source_at(Settings(home=tmp_path), location)
    assert (source.kind, source.name) == (kind, name)


def test_a_path_that_is_not_there_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        source_at(Settings(home=tmp_path), str(tmp_path / "nothing"))


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
        ('[{name = "a", kind = "runbooks", location = "x"}]', "has no location"),
        ('[{name = "a", location = "x", branch = "main"}]', "kind git only"),
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
