"""What the demo's documents and runbook say must agree with what its processes do."""

from __future__ import annotations

import logging
from importlib.resources import files
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from bot.demo.checkout import Metrics
from bot.demo.errors import DemoNotRunningError
from bot.demo.orders import N_SLOTS
from bot.demo.places import Places, read_port, write_port
from bot.demo.pool import ConnectionPool
from bot.demo.protocol import OrdersConnection
from bot.demo.reports import N_EXPORT_WORKERS
from runbooks.actions.kinds import CommandAction, HttpAction
from runbooks.loader import load
from runbooks.schema import Risk

_DEMO = Path(str(files("bot.demo")))


def _document(name: str) -> str:
    return (_DEMO / "knowledge" / name).read_text(encoding="utf-8")


async def _unused() -> OrdersConnection:
    raise AssertionError("no connection is needed")


def test_the_metrics_catalogue_names_exactly_the_metrics_of_checkout() -> None:
    pool = ConnectionPool(_unused, logging.getLogger("test"))
    text = generate_latest(Metrics(pool).registry).decode()
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    shown = {name for name in shown if not name.endswith("_created")}
    catalogue = _document("metrics-catalogue.md")
    listed = {row.split("`")[1] for row in catalogue.splitlines() if row.startswith("| `")}
    assert listed == shown


def test_documents_state_the_limits_that_the_processes_have() -> None:
    assert f"Orders has {N_SLOTS} connection slots" in _document("orders-database.md")
    assert f"with {N_EXPORT_WORKERS} workers" in _document("reports-job.md")
    pool = ConnectionPool(_unused, logging.getLogger("test"))
    assert f"at most {pool.n_max} connections" in _document("checkout-architecture.md")


def test_every_document_has_a_title() -> None:
    documents = sorted((_DEMO / "knowledge").glob("*.md"))
    assert len(documents) >= 8
    assert all(path.read_text(encoding="utf-8").startswith("# ") for path in documents)


def test_the_runbook_previews_runs_and_verifies() -> None:
    (step,) = load(_DEMO / "runbooks" / "checkout-pool-exhaustion.yaml").steps
    assert step.risk is Risk.MEDIUM
    assert isinstance(step.action, CommandAction)
    assert step.action.argv[:4] == ("opsbot", "demo", "orders", "terminate-idle")
    assert isinstance(step.preview, CommandAction)
    assert step.preview.argv[:4] == ("opsbot", "demo", "orders", "sessions")
    assert step.verify is not None
    assert isinstance(step.verify.action, HttpAction)


def test_a_published_port_is_read_back(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.create()
    write_port(places, "orders", 4711)
    assert read_port(places, "orders") == 4711


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"port": null}'])
def test_an_unreadable_port_file_says_how_to_start_the_demo(
    tmp_path: Path, content: str | None
) -> None:
    places = Places(tmp_path)
    places.create()
    if content is not None:
        places.port_file("orders").write_text(content, encoding="utf-8")
    with pytest.raises(DemoNotRunningError, match="opsbot demo"):
        read_port(places, "orders")
