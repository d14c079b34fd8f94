"""A target that is not what it was when people approved gets nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.actions.kinds import AnsibleAction, SqlAction
from runbooks.actions.local import LocalRunner
from runbooks.approvals import Approvals
from runbooks.errors import ProposalError
from runbooks.executor import Executor
from runbooks.launch import LaunchCheck
from runbooks.lifecycle import ProposalState
from runbooks.planning import Site
from runbooks.policy import AccountKind
from runbooks.proposal import Proposal
from runbooks.targets import AnsibleTarget, SqlTarget, Targets

from .conftest import World, person, python, step

INSERT = SqlAction(target="orders", statement="insert into orders values (1)", writes=True)


def with_targets(world: World, **targets: SqlTarget) -> World:
    """The same place with other settings, as after a restart."""
    return at_site(world, Site(environment="test", targets=Targets(by_name=targets)))


def at_site(world: World, site: Site) -> World:
    runner = LocalRunner(targets=site.targets)
    approvals = Approvals(
        store=world.store,
        audit=world.audit,
        policy=world.policy,
        site=site,
        runner=runner,
        clock=world.clock,
    )
    check = LaunchCheck(audit=world.audit, policy=world.policy, directory=world.people, site=site)
    executor = Executor(
        store=world.store, audit=world.audit, check=check, runner=runner, clock=world.clock
    )
    return replace(world, approvals=approvals, executor=executor)


def database(path: Path) -> SqlTarget:
    connection = sqlite3.connect(path)
    connection.execute("create table orders (id integer)")
    connection.close()
    return SqlTarget(url=f"sqlite:///{path}")


def n_rows(target: SqlTarget) -> int:
    connection = sqlite3.connect(target.url.removeprefix("sqlite:///"))
    (found,) = connection.execute("select count(*) from orders").fetchone()
    connection.close()
    return int(found)


@pytest.fixture
def approved_on(tmp_path: Path) -> SqlTarget:
    return database(tmp_path / "approved.db")


async def approved(world: World) -> Proposal:
    proposal = await world.propose(step("a", INSERT))
    await world.approve(proposal, "bob")
    return proposal


async def test_the_same_target_is_run(world: World, approved_on: SqlTarget) -> None:
    before = with_targets(world, orders=approved_on)
    proposal = await approved(before)
    assert proposal.plan.targets == {"orders": approved_on.facts}
    end = await with_targets(world, orders=approved_on).finish(proposal)
    assert (end.state, n_rows(approved_on)) == (ProposalState.SUCCEEDED, 1)


async def test_a_target_that_moved_is_not_run(
    world: World, approved_on: SqlTarget, tmp_path: Path
) -> None:
    proposal = await approved(with_targets(world, orders=approved_on))
    moved = database(tmp_path / "moved.db")
    end = await with_targets(world, orders=moved).finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "when it was proposed and is now" in end.reason
    assert (n_rows(approved_on), n_rows(moved)) == (0, 0)


async def test_a_dry_run_looks_at_no_target_that_moved(
    world: World, approved_on: SqlTarget, tmp_path: Path
) -> None:
    look = SqlAction(target="orders", statement="select count(*) from orders")
    before = with_targets(world, orders=approved_on)
    proposal = await before.propose(step("a", INSERT, preview=look))
    moved = with_targets(world, orders=database(tmp_path / "moved.db"))
    with pytest.raises(ProposalError, match="when it was proposed and is now"):
        await moved.approvals.preview(proposal.proposal_id, person("ada"), AccountKind.MEMBER)


async def test_a_target_that_became_of_another_environment_is_not_run(
    world: World, approved_on: SqlTarget
) -> None:
    proposal = await approved(with_targets(world, orders=approved_on))
    moved = replace(approved_on, environment="production")
    end = await with_targets(world, orders=moved).finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "proposed for test, and would run in production now" in end.reason
    assert n_rows(approved_on) == 0


async def test_an_installation_that_became_of_another_environment_runs_nothing(
    world: World, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    proposal = await world.propose(step("a", python(f"open({str(mark)!r}, 'w')")))
    await world.approve(proposal, "bob")
    end = await at_site(world, Site(environment="production")).finish(proposal)
    assert (end.state, mark.exists()) == (ProposalState.REJECTED, False)


async def test_a_target_that_is_gone_is_not_run(world: World, approved_on: SqlTarget) -> None:
    proposal = await approved(with_targets(world, orders=approved_on))
    end = await with_targets(world).finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "is no longer in the settings" in end.reason
    assert n_rows(approved_on) == 0


async def test_a_preview_cannot_write_to_a_database(world: World, approved_on: SqlTarget) -> None:
    before = with_targets(world, orders=approved_on)
    look = SqlAction(target="orders", statement="delete from orders where id = 1")
    proposal = await before.propose(step("a", INSERT, preview=look))
    (shown,) = proposal.plan.previews
    assert not shown.ok
    assert "may only read" in shown.detail


@pytest.mark.parametrize("changed", ["play.yaml", "hosts.ini", "nothing"])
async def test_a_playbook_or_inventory_that_changed_since_is_not_run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "ansible-playbook"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("play.yaml", "hosts.ini", "nothing"):
        (tmp_path / name).write_text("web-1\n")
    targets = Targets(by_name={"fleet": AnsibleTarget(inventory=tmp_path / "hosts.ini")})
    here = at_site(world, Site(environment="test", targets=targets))
    play = AnsibleAction(target="fleet", playbook=str(tmp_path / "play.yaml"))
    proposal = await here.propose(step("a", play))
    await here.approve(proposal, "bob")
    with (tmp_path / changed).open("a") as file:
        file.write("db-1\n")
    end = await here.finish(proposal)
    assert ran.exists() is (changed == "nothing")
    assert (f"{changed} was changed since" in end.reason) is (changed != "nothing")
