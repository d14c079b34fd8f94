"""`opsbot router`: how the router's student is made, and what people corrected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .context import read_settings, terminal_settings
from .output import FAILED, WRONG_USE, console, emit_json, error_console, fail

if TYPE_CHECKING:
    from ..messages import Intent
    from ..router.training.choose import Choice
    from ..router.training.pack import Pack
    from ..store.route_corrections import RouteCorrection

app = typer.Typer(no_args_is_help=True, help="Make the router's student; see corrections.")

_DATA = Path(__file__).parents[1] / "router" / "data"
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback()
def group() -> None:
    """Make the router's student; see corrections."""


@app.command()
def teach(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long to ask.")] = 15,
    out: Annotated[Path, typer.Option(help="The file of votes to add to.")] = _DATA / "votes.jsonl",
    model: Annotated[str, typer.Option(help="Who teaches.")] = "qwen2.5-coder-1.5b",
) -> None:
    """Let the model label generated messages, several prompts each; goes on where it ended."""
    try:
        known = out.read_text(encoding="utf-8") if out.exists() else ""
        n_asked = asyncio.run(_teach(minutes * 60, known, out, model))
    except (OSError, ValueError) as exc:
        fail(f"{out} cannot be used: {exc}", WRONG_USE)
    console.print(f"{n_asked} messages labelled, kept in {out}", highlight=False, markup=False)


async def _teach(seconds: float, known: str, out: Path, model: str) -> int:
    from inference.request import Priority

    from ..engine import EnginePlace, open_engine
    from ..log_setup import set_up_logging
    from ..prompts.routing import PREFIXES
    from ..router.judge import Judge
    from ..router.training.messages import generate
    from ..router.training.votes import ask, in_teaching_order, read_votes

    set_up_logging("ERROR")
    todo = in_teaching_order(generate(), read_votes(known))
    started, n_asked = time.monotonic(), 0
    settings = read_settings(model=model)
    async with open_engine(settings, encoder=False, place=EnginePlace.HERE) as engine:
        await engine.ready()
        judge = Judge(engine, deadline_s=60, temperature=0.5, priority=Priority.BACKGROUND)
        with out.open("a", encoding="utf-8") as file:
            async for votes in ask(judge, todo, len(PREFIXES)):
                file.write(votes.line() + "\n")
                file.flush()
                n_asked += 1
                if time.monotonic() - started > seconds:
                    break
    error_console.print(f"asked for {time.monotonic() - started:.0f} s", style="dim")
    return n_asked


@app.command()
def pack(
    folder: Annotated[
        Path, typer.Option(help="Folder with the votes, and for the result.")
    ] = _DATA,
) -> None:
    """Generate the messages, add the teacher's shares and embeddings, and write the training set."""
    from inference.errors import InferenceError

    from ..router.training.pack import write
    from ..router.training.votes import FILE_NAME, read_votes

    votes_file = folder / FILE_NAME
    try:
        votes = read_votes(votes_file.read_text(encoding="utf-8") if votes_file.exists() else "")
        made = asyncio.run(_pack(votes))
        write(made, folder)
    except (OSError, ValueError, InferenceError) as exc:
        fail(f"the training set cannot be made: {exc}")
    n_votes = sum(message.text in votes for message in made.messages)
    text = f"{len(made.messages)} messages, {n_votes} of them also labelled by the model"
    console.print(text, highlight=False)


async def _pack(votes: Mapping[str, tuple[Intent, ...]]) -> Pack:
    from ..engine import open_engine
    from ..log_setup import set_up_logging
    from ..prompts.routing import PREFIXES
    from ..router.training.assemble import assemble, embed_all
    from ..router.training.messages import generate

    set_up_logging("ERROR")
    messages, settings = generate(), read_settings()
    async with open_engine(settings, generator=False) as engine:
        await engine.encoder_ready()
        vectors = await embed_all(messages, engine.embed)
    encoder = settings.inference.encoder
    return assemble(messages, votes, vectors, encoder=encoder, n_prompts=len(PREFIXES))


@app.command()
def choose(
    folder: Annotated[Path, typer.Option(help="Folder of the training set.")] = _DATA,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each trial.")] = 80,
) -> None:
    """Choose alpha, temperature and calibration on messages held back; takes minutes."""
    from ..router.training.choose import choose as best_of
    from ..router.training.choose import write_choice
    from ..router.training.pack import read

    try:
        choice = best_of(read(folder), steps)
        write_choice(choice, folder)
    except (OSError, ValueError) as exc:
        fail(f"nothing was chosen: {exc}")
    _show_choice(choice)


def _show_choice(choice: Choice) -> None:
    from ..router.training.choose import table

    rows = Table("alpha", "temperature", "accuracy", "loss", box=None)
    for row in table(choice.trials):
        rows.add_row(*row)
    console.print(rows)
    console.print(
        f"chosen: alpha {choice.recipe.alpha}, temperature {choice.recipe.temperature}, on "
        f"{choice.n_held_back} messages held back",
        highlight=False,
    )
    for name, (before, after) in choice.ece.items():
        console.print(f"by {name}: calibration error {before} -> {after}", highlight=False)


@app.command()
def train(
    folder: Annotated[Path, typer.Option(help="Folder of the training set.")] = _DATA,
    out: Annotated[Path | None, typer.Option(help="Where the student goes.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; compare with the student that is there.")
    ] = False,
    with_corrections: Annotated[
        bool, typer.Option("--with-corrections", help="Also learn from what people corrected.")
    ] = False,
) -> None:
    """Train the student from the training set; the same bits every time."""
    from inference.errors import InferenceError

    from ..router.student import FILE_NAME
    from ..router.training.choose import read_choice
    from ..router.training.pack import read
    from ..router.training.train import train as learn

    target = out if out is not None else folder / FILE_NAME
    try:
        training_set = read(folder)
        if with_corrections:
            training_set = asyncio.run(_with_corrections(training_set))
        content = learn(training_set, *read_choice(folder)).to_bytes()
        is_same = target.exists() and target.read_bytes() == content
        if not check:
            target.write_bytes(content)
    except (OSError, ValueError, InferenceError) as exc:
        fail(f"the student cannot be trained: {exc}")
    state = "the same bits as before" if is_same else "another student than before"
    n = len(training_set.messages)
    console.print(f"{n} messages, {len(content):,} bytes, {state}", highlight=False)
    if check and not is_same:
        raise typer.Exit(FAILED)


async def _with_corrections(training_set: Pack) -> Pack:
    from ..engine import open_engine
    from ..messages import Intent
    from ..router.training.assemble import embed_all, with_more
    from ..router.training.messages import Message, language_of

    messages = tuple(
        Message(
            text=each.text,
            intent=Intent(each.intent),
            language=language_of(each.text),
            group="example corrected",
        )
        for each in _corrections()
    )
    if not messages:
        return training_set
    async with open_engine(read_settings(), generator=False) as engine:
        await engine.encoder_ready()
        vectors = await embed_all(messages, engine.embed)
    return with_more(training_set, messages, vectors)


@app.command()
def corrections(as_json: _Json = False) -> None:
    """List what people said that requests were meant as."""
    found = _corrections()
    if as_json:
        emit_json(found)
        return
    for each in found:
        line = f"{each.at:%Y-%m-%d %H:%M}  {each.intent:<9}  {each.text.splitlines()[0]}"
        console.print(line, highlight=False, markup=False)
    console.print(f"{len(found)} corrections", style="dim", highlight=False)


def _corrections() -> tuple[RouteCorrection, ...]:
    from ..store.engine import open_database
    from ..store.errors import StoreError
    from ..store.route_corrections import RouteCorrections

    try:
        database = open_database(terminal_settings().effective_database_url)
        try:
            return RouteCorrections(database).all()
        finally:
            database.dispose()
    except StoreError as exc:
        fail(str(exc))
