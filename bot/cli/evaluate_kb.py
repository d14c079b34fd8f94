"""`opsbot eval kb`: how well questions find their documents, and what each method adds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .context import read_settings
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from inference import InferenceService
    from knowledge import KnowledgeBase

    from ..evaluation.kb import Case, KnowledgeReport, Recall, Verdicts
    from ..evaluation.kb_ablation import Ablation
    from ..settings import Settings


def kb(
    data: Annotated[Path, typer.Option("--data", help="Folder with kb/ and kb-eval/*.jsonl.")],
    questions: Annotated[
        Path | None, typer.Option(help="One file of questions instead of those in the folder.")
    ] = None,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also what each method adds; loads the model.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How often the right document is found, and how well the gate knows what is not there."""
    from knowledge import KnowledgeError

    from ..evaluation.kb import read_cases
    from ..evaluation.kb_index import question_files
    from ..log_setup import set_up_logging

    set_up_logging("ERROR")
    try:
        files = {file.name: read_cases(file) for file in question_files(data, questions)}
        reports = asyncio.run(_scored(read_settings(), data, files, ablation=ablation))
    except (OSError, ValueError, KnowledgeError) as exc:
        fail(f"{data} cannot be scored: {exc}", WRONG_USE)
    if as_json:
        emit_json({name: {"report": r, "ablation": a} for name, (r, a) in reports.items()})
        return
    for name, (report, steps) in reports.items():
        _print(name, report, steps)


async def _scored(
    settings: Settings, data: Path, files: dict[str, list[Case]], *, ablation: bool
) -> dict[str, tuple[KnowledgeReport, tuple[Ablation, ...]]]:
    from ..evaluation.kb import evaluate
    from ..evaluation.kb_ablation import ablate

    async with open_knowledge(settings, data, generator=ablation) as (base, _):
        return {
            name: (await evaluate(cases, base), await ablate(cases, base) if ablation else ())
            for name, cases in files.items()
        }


@asynccontextmanager
async def open_knowledge(
    settings: Settings, data: Path, *, generator: bool
) -> AsyncGenerator[tuple[KnowledgeBase, InferenceService]]:
    """The documents of `data` indexed under the bot's home; only what changed is embedded again.

    Raises:
        SourceError: There are no documents.
        EmbeddingError: There is no encoder.
    """
    from knowledge import FolderSource, KnowledgeBase, SourceError

    from ..embedder import EngineEmbedder
    from ..engine import open_engine
    from ..evaluation.kb_index import index_folder
    from ..rewriter import ModelRewriter
    from .sync_progress import show_sync

    documents = data / "kb" if (data / "kb").is_dir() else data
    folder = index_folder(settings.home, documents)
    async with open_engine(settings, generator=generator) as engine:
        rewriter = ModelRewriter(engine, folder / "rewritten.jsonl") if generator else None
        base = KnowledgeBase(folder, EngineEmbedder(engine), rewriter=rewriter)
        try:
            with show_sync(quiet=False) as on_progress:
                report = await base.sync([FolderSource(documents)], on_progress)
            if not report.n_documents:
                raise SourceError(documents, "no documents")
            yield base, engine
        finally:
            await base.close()


def _print(name: str, report: KnowledgeReport, steps: Sequence[Ablation]) -> None:
    table = Table(name, "n", "R@1", "R@5", "MRR@10", "answer in context", box=None)
    for kind, recall in (("all", report.recall), *report.by_kind.items()):
        table.add_row(kind, *_figures(recall))
    console.print(table)
    gate = Table("gate", "n", "yes", "unsure", "no", box=None)
    for kind, said in (("answerable", report.answerable), ("unanswerable", report.unanswerable)):
        gate.add_row(kind, *_counts(said))
    console.print(gate)
    if steps:
        added = Table("method", "n", "R@1", "R@5", "MRR@10", "answer in context", box=None)
        for step in steps:
            added.add_row(step.name, *_figures(step.recall))
        console.print(added)
    console.print(f"p50 {report.p50_ms} ms, p95 {report.p95_ms} ms a search\n", style="dim")


def _figures(recall: Recall) -> tuple[str, ...]:
    shares = (recall.at_1, recall.at_5, recall.mrr_10, recall.held)
    return (str(recall.n), *(f"{share:.3f}" for share in shares))


def _counts(said: Verdicts) -> tuple[str, ...]:
    return tuple(map(str, (said.n, said.yes, said.unsure, said.no)))
