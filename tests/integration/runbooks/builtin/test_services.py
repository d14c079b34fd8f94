"""Runbooks around systemd, with stand-ins for systemctl and journalctl; everything else is real."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbooks.lifecycle import ProposalState

from .certificates import write_certificate
from .conftest import Book, Reply, Stubs, needs

SHOWN = "Id=orders.service\nActiveState=active\nSubState=running\nMainPID=812\n"
LOG = "Nov 21 10:02:11 web-1 orders[812]: pool exhausted\n"


async def test_a_service_is_restarted_and_seen_active(book: Book, stubs: Stubs) -> None:
    stubs.add("journalctl", Reply(line="--unit orders .*--no-pager", output=LOG))
    stubs.add(
        "systemctl",
        Reply(line="show orders --property Id,ActiveState,.*", output=SHOWN),
        Reply(line="restart orders", sets={"up": "yes"}),
        Reply(line="is-active orders", output="active\n", needs={"up": "yes"}),
        Reply(line="is-active orders", output="failed\n", status=3),
    )
    ran = (await book.run("service-restart", service="orders")).succeeded()
    assert "pool exhausted" in ran.outputs["look"]
    assert "MainPID=812" in ran.previews["restart"]
    assert ran.verified == {"restart": True}
    assert stubs.calls.count("systemctl restart orders") == 1


async def test_a_service_that_does_not_come_back_is_a_failure(book: Book, stubs: Stubs) -> None:
    stubs.add("journalctl", Reply(line=".*", output=LOG))
    stubs.add(
        "systemctl",
        Reply(line="show .*", output=SHOWN),
        Reply(
            line="restart orders",
            output="Job for orders.service failed because the control process exited.\n",
            status=1,
        ),
    )
    ran = await book.run("service-restart", service="orders")
    assert ran.finished.state is ProposalState.FAILED
    assert "control process exited" in ran.outputs["restart"]
    assert "after" not in ran.outputs


async def test_a_failed_unit_is_reset_and_started(book: Book, stubs: Stubs) -> None:
    stubs.add("journalctl", Reply(line="--unit backup.service --lines 80 --no-pager", output=LOG))
    failed = "ActiveState=failed\nResult=exit-code\nNRestarts=5\n"
    stubs.add(
        "systemctl",
        Reply(
            line="list-units --failed --no-pager", output="backup.service loaded failed failed\n"
        ),
        Reply(
            line="show .*Result.*",
            needs={"started": "yes"},
            output="ActiveState=inactive\nResult=success\n",
        ),
        Reply(line="show .*", needs={"reset": "yes"}, output="ActiveState=inactive\n"),
        Reply(line="show backup.service --property .*", output=failed),
        Reply(line="reset-failed backup.service", sets={"reset": "yes"}),
        Reply(line="start backup.service", needs={"reset": "yes"}, sets={"started": "yes"}),
        Reply(line="stop backup.service"),
    )
    ran = (await book.run("systemd-failed-units", unit="backup.service")).succeeded()
    assert "ActiveState=failed" in ran.previews["reset"]
    assert ran.verified == {"reset": True, "start": True}
    assert await book.checks(ran, "reset")
    assert await book.checks(ran, "start")
    await book.shows(ran, ran.step("start").rollback)
    assert stubs.calls[-1] == "systemctl stop backup.service"


@pytest.mark.parametrize(
    ("state", "held"),
    [
        ("ActiveState=active\nResult=success\n", True),
        ("ActiveState=inactive\nResult=success\n", True),
        ("ActiveState=activating\nResult=success\n", False),
        ("ActiveState=failed\nResult=exit-code\n", False),
    ],
)
async def test_the_check_of_a_start_knows_every_state(
    book: Book, stubs: Stubs, state: str, held: bool
) -> None:
    stubs.add("journalctl", Reply(line=".*"))
    stubs.add("systemctl", Reply(line="show .*", output=state), Reply(line=".*"))
    ran = await book.run("systemd-failed-units", unit="backup.service")
    assert await book.checks(ran, "start") is held


async def test_the_journal_is_vacuumed_by_age(book: Book, stubs: Stubs) -> None:
    size = "Archived and active journals take up 56.0M in the file system.\n"
    stubs.add(
        "journalctl",
        Reply(line="--disk-usage", output=size),
        Reply(line="--until 30 days ago --no-pager --lines 5 --output short-iso", output=LOG),
        Reply(line="--rotate --vacuum-time=30d", output="Vacuuming done, freed 1.2G\n"),
    )
    ran = (await book.run("journald-vacuum", keep_days=30)).succeeded()
    assert ran.previews["vacuum"] == LOG.strip()
    assert "freed 1.2G" in ran.outputs["vacuum"]
    assert await book.checks(ran, "vacuum")


@needs("openssl")
async def test_a_certificate_is_renewed_and_the_check_sees_the_new_one(
    book: Book, stubs: Stubs, tmp_path: Path
) -> None:
    served, renewed = tmp_path / "site.pem", tmp_path / "renewed.pem"
    write_certificate(served, days=3)
    write_certificate(renewed, days=80)
    stubs.add(
        "certbot",
        Reply(
            line="renew --cert-name example.org --non-interactive --no-random-sleep-on-renew",
            output="Congratulations, all renewals succeeded\n",
            copies=(str(renewed), str(served)),
        ),
        Reply(line="renew --cert-name missing .*", output="No certificate found\n", status=1),
    )
    stubs.add(
        "systemctl",
        Reply(line="status nginx --no-pager --lines 0", output="Active: active (running)\n"),
        Reply(line="reload nginx"),
        Reply(line="is-active nginx", output="active\n"),
    )
    before = await book.run("certificate-expiry", certificate=str(served), name="missing")
    assert before.outputs["renew"] == "No certificate found"
    assert before.finished.state is ProposalState.FAILED
    assert not await book.checks(before, "renew")
    assert "localhost" in before.outputs["show"]
    assert "DNS:localhost" in before.previews["renew"]
    values = {"certificate": str(served), "name": "example.org"}
    ran = (await book.run("certificate-expiry", **values)).succeeded()
    assert await book.checks(ran, "renew")


@needs("find")
async def test_a_stale_backup_makes_the_unit_start(
    book: Book, stubs: Stubs, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    old = folder / "db-old.gz"
    old.write_bytes(os.urandom(40_000))
    os.utime(old, (1_700_000_000, 1_700_000_000))
    (folder / "db-empty.gz").write_bytes(b"")
    fresh = folder / "db-new.gz"
    stubs.add("journalctl", Reply(line="--unit backup.service .*", output=LOG))
    stubs.add(
        "systemctl",
        Reply(line="show backup.service --property .*", output="ActiveState=inactive\n"),
        Reply(line="start backup.service", copies=(str(old), str(fresh))),
        Reply(line="stop backup.service"),
    )
    check = await book.run("backup-check", folder=str(folder))
    assert "db-old.gz" in check.outputs["all"]
    assert check.outputs["fresh"] == ""
    assert fresh.exists()  # copied, and as old as now: the unit has made a backup
    assert await book.checks(check, "start")
    fresh.unlink()
    assert not await book.checks(check, "start")
    fresh.write_bytes(os.urandom(40_000))
    assert await book.checks(check, "start")
    await book.shows(check, check.step("start").rollback)
    again = await book.run("backup-check", folder=str(folder))
    assert "fresh: db-new.gz (40000 bytes)" in again.outputs["fresh"]


async def test_the_dns_cache_is_flushed(book: Book, stubs: Stubs) -> None:
    stubs.add(
        "resolvectl",
        Reply(line="query shop.test", needs={"flushed": "yes"}, output="shop.test: 10.0.0.2\n"),
        Reply(line="query shop.test", output="shop.test: 10.0.0.1\n"),
        Reply(line="statistics", output="Current Cache Size: 12\n"),
        Reply(line="flush-caches", sets={"flushed": "yes"}),
    )
    ran = (await book.run("dns-cache-flush", name="shop.test")).succeeded()
    assert "10.0.0.1" in ran.outputs["before"]
    assert ran.previews["flush"] == "Current Cache Size: 12"
    assert await book.checks(ran, "flush")
    assert "10.0.0.2" in await book.shows(ran, ran.step("before").action)
