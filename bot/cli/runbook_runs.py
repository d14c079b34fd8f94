"""`opsbot runbook run|approve|reject|edit|undo|preview|stop|confirm|resume|history` in a terminal.

Who acts is the operating system's user, as the account "local:NAME". The same rules hold as in
Slack: who asked does not approve, unless the settings say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli.local_user import local_user
from bot.cli.output import FAILED, WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from bot.runbook_wiring import RunbookServices
    from bot.settings import Settings
    from runbooks.approvals import ApprovalResult
    from runbooks.control import ControlResult
    from runbooks.run_events import RunEvent
    from runbooks.successors import Succession

T = TypeVar("T")

_Id = Annotated[int, typer.Argument(min=1, help="The proposal's number.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Values = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "--param", "-p", metavar="NAME=VALUE", help="A parameter; repeat for more."
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the group `opsbot runbook`."""
    app.command()(run)
    app.command()(approve)
    app.command()(reject)
    app.command()(edit)
    app.command()(preview)
    app.command()(undo)
    app.command()(history)
    app.command()(stop)
    app.command()(confirm)
    app.command()(resume)


def run(
    name: Annotated[str, typer.Argument(help="The runbook.")],
    param: _Values = None,
    why: Annotated[str, typer.Option(help="Shown to those who approve.")] = "",
    as_json: _Json = False,
) -> None:
    """Propose a runbook; nothing runs before somebody approves it."""
    from bot.cli.proposal_card import case_record, print_case
    from runbooks.catalog import Catalog
    from runbooks.planning import ProposalRequest
    from runbooks.proposal import Place

    values = _parse_values(param or [])

    async def propose(services: RunbookServices, settings: Settings) -> None:
        catalog = await asyncio.to_thread(Catalog.load, settings.runbooks.folders)
        request = ProposalRequest(
            runbook=catalog.get(name),
            values=values,
            requester=local_user(),
            where=Place(channel_id="", thread_ts=""),
            why=why,
        )
        proposal = await services.approvals.propose(request)
        case = await services.approvals.get(proposal.proposal_id)
        if as_json:
            emit_json(case_record(case))
        else:
            print_case(case, await services.approvals.standing(case))

    with_services(propose)


def approve(proposal_id: _Id, as_json: _Json = False) -> None:
    """Approve a proposal; the approval that completes it also runs it."""
    from runbooks.launch import runs_elsewhere
    from runbooks.lifecycle import ProposalState
    from runbooks.policy import AccountKind

    async def decide(services: RunbookServices, _settings: Settings) -> bool:
        result = await services.approvals.approve(proposal_id, local_user(), AccountKind.MEMBER)
        _tell(result, as_json=as_json and not result.launch)
        if not result.launch:
            return result.allowed
        elsewhere = runs_elsewhere(result.case) if result.case is not None else None
        if elsewhere is not None:
            note = f"{result.reason}; the running bot launches it: {elsewhere}"
            _tell(replace(result, reason=note, launch=False), as_json=as_json)
            return True
        events = services.executor.run(proposal_id)
        state = await _follow(services, proposal_id, events, as_json=as_json)
        return state is ProposalState.SUCCEEDED

    if not with_services(decide):
        raise typer.Exit(FAILED)


def reject(
    proposal_id: _Id,
    reason: Annotated[str, typer.Option(help="Shown to those who asked.")] = "",
    as_json: _Json = False,
) -> None:
    """Reject a proposal, or withdraw one's own."""
    from runbooks.policy import AccountKind

    async def decide(services: RunbookServices, _settings: Settings) -> bool:
        result = await services.approvals.reject(
            proposal_id, local_user(), AccountKind.MEMBER, reason
        )
        _tell(result, as_json=as_json)
        return result.allowed

    if not with_services(decide):
        raise typer.Exit(FAILED)


def stop(proposal_id: _Id, as_json: _Json = False) -> None:
    """Stop a run, whichever process runs it."""
    from runbooks.policy import AccountKind

    async def decide(services: RunbookServices, _settings: Settings) -> ControlResult:
        return await services.control.stop(proposal_id, local_user(), AccountKind.MEMBER)

    _tell_control(with_services(decide), as_json=as_json)


def confirm(
    proposal_id: _Id,
    step_id: Annotated[str, typer.Argument(help="The step that you did.")],
    failed: Annotated[bool, typer.Option("--failed", help="It could not be done.")] = False,
    as_json: _Json = False,
) -> None:
    """Say how a step went that a person does."""
    from runbooks.policy import AccountKind

    async def decide(services: RunbookServices, _settings: Settings) -> ControlResult:
        kind = AccountKind.MEMBER
        return await services.control.confirm(
            proposal_id, step_id, local_user(), kind, ok=not failed
        )

    _tell_control(with_services(decide), as_json=as_json)


def resume(proposal_id: _Id, as_json: _Json = False) -> None:
    """Go on with a run whose process has ended, after its last complete step."""
    from runbooks.lifecycle import ProposalState

    async def go_on(services: RunbookServices, _settings: Settings) -> bool:
        await services.executor.recover()
        events = services.executor.resume(proposal_id)
        state = await _follow(services, proposal_id, events, as_json=as_json)
        return state is ProposalState.SUCCEEDED

    if not with_services(go_on):
        raise typer.Exit(FAILED)


def edit(proposal_id: _Id, param: _Values = None, as_json: _Json = False) -> None:
    """Propose a waiting proposal again with other values; the old one is closed."""
    from runbooks.catalog import Catalog
    from runbooks.policy import AccountKind

    given = _parse_values(param or [])

    async def propose(services: RunbookServices, settings: Settings) -> Succession:
        catalog = await asyncio.to_thread(Catalog.load, settings.runbooks.folders)
        plan = (await services.approvals.get(proposal_id)).proposal.plan
        runbook = catalog.get(plan.runbook.name)
        declared = {parameter.name for parameter in runbook.parameters}
        kept = {name: value for name, value in plan.parameters.items() if name in declared}
        return await services.successors.edit(
            proposal_id, runbook, {**kept, **given}, local_user(), AccountKind.MEMBER
        )

    _show_successor(propose, as_json=as_json)


def undo(proposal_id: _Id, as_json: _Json = False) -> None:
    """Propose to undo what a run did, as far as its steps declare how; nothing runs yet."""
    from runbooks.policy import AccountKind

    async def propose(services: RunbookServices, _settings: Settings) -> Succession:
        return await services.successors.undo(proposal_id, local_user(), AccountKind.MEMBER)

    _show_successor(propose, as_json=as_json)


def preview(proposal_id: _Id, as_json: _Json = False) -> None:
    """Do the dry run of a waiting proposal once more; the proposal stays as it is."""
    from runbooks.policy import AccountKind

    async def look(services: RunbookServices, _settings: Settings) -> None:
        plan = (await services.approvals.get(proposal_id)).proposal.plan
        titles = {step.step_id: step.title for step in plan.steps}
        results = await services.approvals.preview(proposal_id, local_user(), AccountKind.MEMBER)
        if as_json:
            emit_json(results)
        for result in () if as_json else results:
            title = titles.get(result.step_id, result.step_id)
            console.print(f"{title}: {result.detail}", markup=False, highlight=False)
            console.print(result.output or "(no output)", markup=False, highlight=False)
        if not results and not as_json:
            console.print("this proposal declares no dry run")

    with_services(look)


def _show_successor(
    make: Callable[[RunbookServices, Settings], Awaitable[Succession]], *, as_json: bool
) -> None:
    from bot.cli.proposal_card import case_record, print_case

    async def show(services: RunbookServices, settings: Settings) -> None:
        made = await make(services, settings)
        if made.proposal is None:
            fail(made.reason)
        case = await services.approvals.get(made.proposal.proposal_id)
        if as_json:
            emit_json(case_record(case))
            return
        console.print(made.reason, markup=False, highlight=False)
        print_case(case, await services.approvals.standing(case))

    with_services(show)


def history(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most proposals to list.")] = 20,
    as_json: _Json = False,
) -> None:
    """List proposals and what became of them, newest first."""
    from bot.cli.proposal_card import case_record, print_cases

    async def show(services: RunbookServices, _settings: Settings) -> None:
        await services.executor.recover()
        await services.approvals.expire_due()
        cases = await services.approvals.recent(limit)
        emit_json([case_record(case) for case in cases]) if as_json else print_cases(cases)

    with_services(show)


def _parse_values(given: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not key or not equals:
            fail(f"-p {item!r} is not KEY=VALUE", WRONG_USE)
        if key in values:
            fail(f"-p {key} is given twice", WRONG_USE)
        values[key] = value
    return values


def _tell(result: ApprovalResult, *, as_json: bool) -> None:
    from bot.cli.proposal_card import case_record

    if as_json:
        emit_json(
            {
                "allowed": result.allowed,
                "reason": result.reason,
                "proposal": case_record(result.case) if result.case else None,
            }
        )
    elif not result.allowed:
        fail(result.reason)
    elif not result.launch:
        console.print(result.reason, markup=False, highlight=False)


def _tell_control(result: ControlResult, *, as_json: bool) -> None:
    if as_json:
        emit_json({"allowed": result.allowed, "reason": result.reason})
    elif result.allowed:
        console.print(result.reason, markup=False, highlight=False)
    if not result.allowed:
        fail(result.reason)


async def _follow(
    services: RunbookServices,
    proposal_id: int,
    run_events: AsyncGenerator[RunEvent, None],
    *,
    as_json: bool,
) -> object:
    """Run it and show the events; returns the state it ended in."""
    from bot.cli.proposal_card import event_record, print_event

    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    events: list[RunEvent] = []
    async with contextlib.aclosing(run_events) as following:
        async for event in following:
            events.append(event)
            if not as_json:
                print_event(event, proposal_id)
    case = await services.approvals.get(proposal_id)
    if as_json:
        emit_json(
            {
                "proposal_id": proposal_id,
                "state": case.state,
                "reason": case.reason,
                "events": [event_record(event) for event in events],
            }
        )
    return case.state


def with_services(work: Callable[[RunbookServices, Settings], Awaitable[T]]) -> T:
    """Open settings and database, do the work, and turn every known fault into a sentence."""
    from bot.log_setup import set_up_logging
    from bot.runbook_wiring import build_runbook_services
    from bot.settings import SettingsError, load_settings
    from bot.store.engine import open_database
    from bot.store.errors import StoreError
    from runbooks.directory import LocalDirectory
    from runbooks.errors import ParameterError, PolicyError, RunbookError, UnknownRunbookError

    async def main() -> T:
        set_up_logging("ERROR")
        settings = load_settings()
        engine = open_database(settings.effective_database_url)
        try:
            services = build_runbook_services(
                settings, engine, LocalDirectory(), team_id="", place="terminal"
            )
            await services.approvals.announce_policy("terminal")
            return await work(services, settings)
        finally:
            engine.dispose()

    try:
        return asyncio.run(main())
    except (SettingsError, PolicyError, ParameterError, UnknownRunbookError) as exc:
        fail(str(exc), WRONG_USE)
    except (RunbookError, StoreError) as exc:
        fail(str(exc))
    except asyncio.CancelledError:
        fail("stopped before its end")
