"""Settings into sources."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.documents import Document, Format, Metadata, SkippedFile
from knowledge.errors import SourceError
from knowledge.sources.defaults import SourceDefaults
from knowledge.sources.spec import LOCATED, SourceSpec, source_of

DOCUMENT = Document(source="x", path="a", text="text", format=Format.MARKDOWN, sha256="0")


@pytest.mark.parametrize("kind", LOCATED)
def test_every_kind_is_built_under_its_name(kind: str, tmp_path: Path) -> None:
    source = source_of(
        SourceSpec(name="wiki", kind=kind, location=str(tmp_path)), checkouts=tmp_path / "git"
    )
    assert (source.name, source.kind) == ("wiki", kind)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (SourceSpec(name=" ", kind="folder"), "no name"),
        (SourceSpec(name="a", kind="wiki", location="/x"), "'wiki' is not known .one of: folder"),
        (SourceSpec(name="a", kind="git"), "needs a location"),
        (SourceSpec(name="a", kind="folder", location="/x", branch="b"), "only a source of kind"),
        (SourceSpec(name="a", kind="threads"), "nothing to sync"),
        (SourceSpec(name="a", kind="runbooks"), "no runbooks here"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(
    spec: SourceSpec, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=reason):
        source_of(spec, checkouts=tmp_path)


def test_what_shapes_documents_shapes_the_setup(tmp_path: Path) -> None:
    spec = SourceSpec(name="a", kind="folder", location=str(tmp_path))
    setups = {
        getattr(source_of(one, checkouts=tmp_path), "setup", "")
        for one in (
            spec,
            replace(spec, defaults=SourceDefaults(groups=frozenset({"dba"}))),
            replace(spec, defaults=SourceDefaults(owner="dba")),
            replace(spec, defaults=SourceDefaults(stale_after_days=3)),
        )
    }
    assert len(setups) == 4


def test_provided_documents_are_narrowed_and_completed(tmp_path: Path) -> None:
    given = [
        replace(DOCUMENT, path="hr", metadata=Metadata(groups=frozenset({"hr"}))),
        replace(DOCUMENT, metadata=Metadata(service="own")),
        SkippedFile(path="b", reason="bad"),
    ]
    defaults = SourceDefaults(groups=frozenset({"dba"}), service="all", owner="ops")
    source = source_of(
        SourceSpec(name="books", kind="runbooks", defaults=defaults),
        checkouts=tmp_path,
        providers={"runbooks": lambda: given},
    )
    hr, document, bad = source.read({})
    assert isinstance(hr, SkippedFile)
    assert bad == given[2]
    assert isinstance(document, Document)
    assert document.source == "books"
    assert document.metadata == Metadata(
        groups=frozenset({"dba"}), service="own", owner="ops", url=""
    )
