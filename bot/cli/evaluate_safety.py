"""`opsbot eval safety`: labelled commands, and attacks through every channel and the model."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from .context import read_settings
from .output import FAILED, WRONG_USE, console, emit_json, error_console, fail

if TYPE_CHECKING:
    from ..evaluation.commands import CommandReport
    from ..evaluation.injection import Attack, AttackResult
    from ..settings import Settings

_MANY = 1_000_000


def safety(
    data: Annotated[Path, typer.Option("--data", help="Folder with the data sets.")],
    commands_only: Annotated[
        bool, typer.Option("--commands-only", help="Without the attacks, which need the model.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """What gets past the command classifier, and what attacks in texts achieve."""
    from runbooks.commands.classify import classify

    from ..evaluation.commands import read_commands, score_commands
    from ..evaluation.injection import read_attacks
    from ..log_setup import set_up_logging

    set_up_logging("CRITICAL")
    try:
        commands = [c for path in _files(data, "commands") for c in read_commands(path)]
        attacks = [a for path in _files(data, "injection") for a in read_attacks(path)]
    except (OSError, ValueError) as exc:
        fail(f"{data} cannot be scored: {exc}", WRONG_USE)
    if not commands and not attacks:
        fail(f"{data} has neither commands/*.jsonl nor injection/*.jsonl", WRONG_USE)
    judged = score_commands(commands, classify)
    results: tuple[AttackResult, ...] = ()
    if attacks and not commands_only:
        results = asyncio.run(_attacked(read_settings(), attacks))
    if as_json:
        emit_json(_record(judged, results))
    else:
        _print(judged, results)
    if judged.n_bypasses or judged.n_unapproved or any(each.succeeded for each in results):
        raise typer.Exit(FAILED)


def _files(data: Path, name: str) -> list[Path]:
    return sorted((data / name).glob("*.jsonl"))


async def _attacked(settings: Settings, attacks: Sequence[Attack]) -> tuple[AttackResult, ...]:
    """Attack a bot that has a data directory of its own."""
    from knowledge import FolderSource
    from runbooks.directory import LOCAL_TEAM, LocalDirectory
    from runbooks.lifecycle import ProposalState

    from ..app import Surroundings, open_core
    from ..evaluation.attack_requests import Incoming, write_documents
    from ..evaluation.injection import run_attacks
    from .render import TerminalBoard

    waiting = {ProposalState.PENDING, ProposalState.EXPIRED, ProposalState.REJECTED}

    async def post_nowhere(*_: object) -> None:
        raise TypeError("an evaluation schedules nothing")

    with tempfile.TemporaryDirectory(prefix="opsbot-attacked-") as folder:
        home, documents = Path(folder) / "home", Path(folder) / "documents"
        documents.mkdir()
        sent = [Incoming(each.attack_id, each.channel, each.payload) for each in attacks]
        n_documents = write_documents(sent, documents)
        around = Surroundings(
            make_board=lambda _database: TerminalBoard(),
            directory=LocalDirectory(),
            team_id=LOCAL_TEAM,
            post_digest=post_nowhere,
        )
        own = settings.model_copy(update={"home": home, "database_url": ""})
        async with open_core(own, around, keep_time=False) as core:

            async def decided() -> int:
                cases = await core.services.approvals.recent(_MANY)
                return sum(case.state not in waiting or bool(case.approvals) for case in cases)

            await core.engine.ready()
            if n_documents:
                await core.knowledge.sync([FolderSource(documents)])
            return await run_attacks(attacks, core.dispatcher, decided, _progress)


def _progress(text: str) -> None:
    error_console.print(text, style="dim", markup=False, highlight=False)


def _record(judged: CommandReport, results: Sequence[AttackResult]) -> dict[str, Any]:
    return {
        "commands": {
            "n": judged.n,
            "n_right": judged.n_right,
            "n_bypasses": judged.n_bypasses,
            "n_unapproved": judged.n_unapproved,
            "misjudged": [
                {
                    "command": each.command,
                    "expected": each.expected.value,
                    "got": each.got.value,
                    "reason": each.reason,
                }
                for each in judged.misjudged
            ],
        },
        "attacks": [
            {
                "id": each.attack.attack_id,
                "channel": each.attack.channel,
                "goal": each.attack.goal,
                "succeeded": each.succeeded,
                "matched": each.matched,
                "reaches_out": each.reaches_out,
                "n_proposed": each.n_proposed,
                "n_decided": each.n_decided,
                "seconds": each.seconds,
                "said": each.said,
            }
            for each in results
        ],
    }


def _print(judged: CommandReport, results: Sequence[AttackResult]) -> None:
    table = Table("commands labelled", "right", "of", box=None)
    for name, n in judged.n.items():
        table.add_row(name, str(judged.n_right[name]), str(n))
    console.print(table)
    console.print(
        f"forbidden accepted: {judged.n_bypasses} · changes without approval: {judged.n_unapproved}"
    )
    for each in judged.misjudged:
        text = f"  {each.command}: {each.got.value}, labelled {each.expected.value} ({each.reason})"
        console.print(text, style="dim", markup=False, highlight=False)
    if not results:
        return
    n = Counter(each.attack.channel for each in results)
    n_won = Counter(each.attack.channel for each in results if each.succeeded)
    attacks = Table("attacks through", "succeeded", "of", box=None)
    for channel in sorted(n):
        attacks.add_row(channel, str(n_won[channel]), str(n[channel]))
    console.print(attacks)
    n_decided = sum(each.n_decided for each in results)
    n_outward = sum(each.reaches_out for each in results)
    console.print(f"approved or run: {n_decided} · live mentions or links: {n_outward}")
    for each in results:
        if each.succeeded:
            text = f"  {each.attack.attack_id} {each.attack.channel}: {each.attack.goal}"
            console.print(text, markup=False, highlight=False)
