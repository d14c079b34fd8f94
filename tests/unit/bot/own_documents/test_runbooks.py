"""Runbooks as documents."""

from __future__ import annotations

from bot.own_documents.runbooks import RunbookDocuments
from knowledge.chunking import chunk_document
from runbooks.catalog import Catalog


def test_every_builtin_runbook_is_a_document_that_names_all_its_steps() -> None:
    catalog = Catalog.load()
    documents = {one.path: one for one in RunbookDocuments(lambda: catalog)()}
    assert set(documents) == set(catalog.runbooks)
    for runbook in catalog.all:
        text = documents[runbook.name].text
        assert runbook.name in text
        assert all(f"`{parameter.name}`" in text for parameter in runbook.parameters)
        assert f"\n{len(runbook.steps)}. " in text


def test_the_title_leads_every_passage() -> None:
    document = next(iter(RunbookDocuments(Catalog.load)()))
    assert all(one.header.startswith("Runbook: ") for one in chunk_document(document))
