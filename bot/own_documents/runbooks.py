"""The runbooks of the catalogue as documents, so that a question finds the procedure too."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from knowledge.documents import Document, Format, Metadata
from knowledge.sources.formats.markdown_writer import MarkdownWriter
from runbooks.catalog import Catalog
from runbooks.describe import describe, visible
from runbooks.schema import Parameter, Runbook, Step
from runbooks.values import render

KIND = "runbooks"


class RunbookDocuments:
    """Gives one document for each runbook that is in the catalogue now."""

    def __init__(self, catalog: Callable[[], Catalog]) -> None:
        self._catalog = catalog

    def __call__(self) -> Iterable[Document]:
        """In the order of their names."""
        return (runbook_document(runbook) for runbook in self._catalog().all)


def runbook_document(runbook: Runbook) -> Document:
    """What a runbook is for, what it needs and what it does."""
    return Document(
        source=KIND,
        path=runbook.name,
        text=_text(runbook),
        format=Format.MARKDOWN,
        sha256=runbook.digest,
        metadata=Metadata(title=f"Runbook: {runbook.title}", service=", ".join(runbook.services)),
    )


def _text(runbook: Runbook) -> str:
    writer = MarkdownWriter()
    writer.heading(1, f"Runbook: {runbook.title}")
    writer.paragraph(visible(runbook.summary))
    writer.paragraph(
        f"Name: `{runbook.name}`, version {runbook.version}, risk {runbook.risk.value}."
    )
    _occasions(writer, runbook)
    if runbook.parameters:
        writer.heading(2, "Parameters")
        head = ["Parameter", "Type", "Default", "Meaning"]
        writer.table([head, *(_parameter(parameter) for parameter in runbook.parameters)])
    writer.heading(2, "Steps")
    for number, step in enumerate(runbook.steps, start=1):
        writer.item(0, f"{number}.", _step(step))
    return writer.text()


def _occasions(writer: MarkdownWriter, runbook: Runbook) -> None:
    occasions = [*runbook.symptoms, *(f"alert {name}" for name in runbook.alerts)]
    if occasions:
        writer.heading(2, "When to use it")
        for occasion in occasions:
            writer.item(0, "-", visible(occasion))


def _parameter(parameter: Parameter) -> list[str]:
    kind = f"{parameter.type.value} {parameter.unit}".strip()
    default = "required" if parameter.default is None else render(parameter.default)
    choices = ", ".join(render(choice) for choice in parameter.choices)
    meaning = f"{parameter.description} (one of: {choices})" if choices else parameter.description
    return [f"`{parameter.name}`", kind, default, visible(meaning)]


def _step(step: Step) -> str:
    lines = [f"{visible(step.title)} ({step.risk.value}):", f"`{describe(step.action)}`"]
    if step.verify is not None:
        lines.append(f"Then checked by: `{describe(step.verify.action)}`")
    if step.rollback is not None:
        lines.append(f"Undone by: `{describe(step.rollback)}`")
    return "\n".join(lines)
