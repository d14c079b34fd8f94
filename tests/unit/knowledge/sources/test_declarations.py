"""What documents declare of themselves, and what their source allows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Format, Metadata
from knowledge.errors import UnusableDocumentError
from knowledge.sources.declarations import metadata_of, narrowed
from knowledge.sources.defaults import NO_DEFAULTS, SourceDefaults
from knowledge.sources.front_matter import declared

CHANGED = datetime(2025, 6, 1, tzinfo=UTC)


def of(front: str, defaults: SourceDefaults = NO_DEFAULTS) -> Metadata:
    fields = declared(f"---\n{front}\n---\n\ntext", Format.MARKDOWN)
    return metadata_of(fields, defaults, "a/b c.md", CHANGED)


def test_everything_declared_is_taken() -> None:
    found = of(
        "title: Pool guide\nowner: [db, sre]\nService: orders\nlast_reviewed: 2025-07-02\n"
        "date: 2024-01-01\nreview_by: 2026-01-01\nstatus: Deprecated\naccess: dba, sre\n"
        "url: https://wiki.example/pool"
    )
    assert found == Metadata(
        title="Pool guide",
        owner="db, sre",
        service="orders",
        url="https://wiki.example/pool",
        updated_at=datetime(2025, 7, 2, tzinfo=UTC),
        review_by=date(2026, 1, 1),
        is_retired=True,
        groups=frozenset({"dba", "sre"}),
    )


def test_the_defaults_of_a_source_hold_where_nothing_is_declared() -> None:
    defaults = SourceDefaults(
        owner="ops", service="orders", url="https://x.example/docs/", stale_after_days=10
    )
    found = of("nothing: here", defaults)
    assert (found.owner, found.service) == ("ops", "orders")
    assert found.url == "https://x.example/docs/a/b%20c.md"
    assert (found.updated_at, found.review_by) == (CHANGED, date(2025, 6, 11))


def test_a_review_interval_counts_from_the_last_review() -> None:
    assert of("last_reviewed_on: 2025-06-02\nreview_in: 6 months").review_by == date(2025, 11, 29)


@pytest.mark.parametrize(
    "front",
    ["title: [unclosed", "- a\n- b", "a: &a [*a]", "x: " + "[" * 3000, "date: 99999-99-99",
     "title: {a: b}", "url: javascript:alert(1)", "updated: 2025-13-45", "expires: soon",
     "? {a: b}\n: c", "!!python/object:os.system x", "k: v\n" * 9000,
     "title: 0x" + "f" * 9000, "a: &a [x, x]\ntitle: [[*a, *a], {b: *a}]"],
)  # fmt: skip
def test_garbage_is_no_declaration(front: str) -> None:
    assert of(front) == Metadata(updated_at=CHANGED)


@pytest.mark.parametrize(
    "front",
    [
        "access: [dba\ntitle: x",
        "title: [x\ngroups: dba",
        "access: {a: b}",
        "groups: [[a]]",
        "access: dba\n" + "# x\n" * 300,
    ],
)
def test_a_restriction_that_cannot_be_read_keeps_the_document_out(front: str) -> None:
    with pytest.raises(UnusableDocumentError):
        of(front)


def test_a_document_narrows_what_its_source_allows() -> None:
    allowed = frozenset({"dba", "sre"})
    assert narrowed(allowed, {}) == allowed
    assert narrowed(allowed, {"access": "dba"}) == {"dba"}
    assert narrowed(allowed, {"access": "dba, boss"}) == {"dba"}
    assert narrowed(frozenset(), {"groups": ["dba"]}) == {"dba"}
    assert narrowed(allowed, {"access": "public"}) == allowed
    assert narrowed(allowed, {"access": "dba, sre", "groups": ["dba", "x"]}) == {"dba"}


@given(
    st.frozensets(st.sampled_from("abc"), min_size=1),
    st.dictionaries(
        st.sampled_from(["access", "groups", "allowed_groups"]),
        st.one_of(
            st.lists(st.sampled_from(["a", "b", "z", "public"])),
            st.sampled_from(["a b", "", "all"]),
        ),
    ),
)
def test_a_document_never_widens_what_its_source_allows(
    allowed: frozenset[str], fields: dict[str, object]
) -> None:
    try:
        groups = narrowed(allowed, fields)
    except UnusableDocumentError:
        return
    assert groups
    assert groups <= allowed


def test_groups_beyond_those_of_the_source_keep_the_document_out() -> None:
    with pytest.raises(UnusableDocumentError, match="no group is in both"):
        narrowed(frozenset({"sre"}), {"access": "hr"})


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("= Guide\n:owner: db\n:revdate: 2025-06-03\n\ntext", Format.ASCIIDOC),
        ("Guide\n=====\n\n:Owner: db\n:Date: 2025-06-03\n\ntext", Format.RST),
    ],
)
def test_attributes_of_other_formats_are_read(text: str, format_: Format) -> None:
    found = metadata_of(declared(text, format_), NO_DEFAULTS, "a", CHANGED)
    assert (found.owner, found.updated_at) == ("db", datetime(2025, 6, 3, tzinfo=UTC))


def test_a_restriction_behind_many_other_fields_holds() -> None:
    many = "\n".join(f"k{n}: v" for n in range(150))
    assert of(f"{many}\naccess: dba").groups == {"dba"}
