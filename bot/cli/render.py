"""Answers and proposals in a terminal: rich where somebody watches, plain text elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ..messages import (
    Attached,
    Change,
    Choices,
    Code,
    Excerpt,
    Findings,
    Heading,
    Part,
    Passages,
    Phase,
    Prose,
    Quote,
    Reply,
    SourcedLines,
)
from ..runs import CaseView

_LEXERS = frozenset(
    {"bash", "python", "sql", "promql", "yaml", "json", "dockerfile", "hcl", "ini", "nginx"}
)
_COLOURS = {
    Change.NEW: "bold red",
    Change.RISING: "yellow",
    Change.FALLING: "blue",
    Change.GONE: "magenta",
    Change.STEADY: "dim",
}


class TerminalBoard:
    """Collects proposals, to be shown under the answer.

    Attributes:
        views: In the order in which they were shown.
    """

    def __init__(self) -> None:
        self.views: list[CaseView] = []

    async def show(self, view: CaseView) -> None:
        """Keep a proposal for the end of the answer."""
        self.views.append(view)

    def behind(self) -> tuple[int, ...]:
        """None: a terminal shows everything."""
        return ()


class TerminalOutlet:
    """Shows one answer while it grows.

    Attributes:
        last: The newest snapshot.
        show_case: Shows a stored proposal by its id; set once the bot is open.
    """

    def __init__(self, console: Console, *, live: bool) -> None:
        """Write to a console; not at all unless `live`."""
        self._console = console
        self._quiet = not live
        self._live = (
            Live(console=console, refresh_per_second=8, vertical_overflow="visible")
            if live and console.is_terminal
            else None
        )
        self.last: Reply | None = None
        self.show_case: Callable[[int], Awaitable[None]] | None = None

    @property
    def failed(self) -> bool:
        """Whether the answer could not be given."""
        return self.last is None or self.last.phase is Phase.FAILED

    async def show(self, reply: Reply) -> None:
        """Show a snapshot of the answer."""
        self.last = reply
        if self._live is not None:
            self._live.update(render(reply))

    async def show_proposal(self, proposal_id: int) -> None:
        """Show a stored proposal under the answer."""
        if self.show_case is not None:
            await self.show_case(proposal_id)

    async def attach(self, attached: Attached) -> None:
        """A terminal shows no files, so none are made."""

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)
        elif self.last is not None and not self._quiet:
            self._console.print(render(self.last))


def render(reply: Reply) -> RenderableType:
    """A snapshot as one renderable."""
    shown = [piece for part in reply.parts for piece in _part(part)]
    if reply.phase is Phase.WORKING and reply.status:
        shown.append(Text(f"… {reply.status}", style="dim italic"))
    return Group(*shown)


def _part(part: Part) -> list[RenderableType]:
    if isinstance(part, Heading):
        return [Rule(f"[bold]{escape(part.text)}[/bold]", align="left")]
    if isinstance(part, Findings):
        return [_findings(part)]
    if isinstance(part, Quote):
        place = Text(f"{part.source}:{part.line_number}", style="dim")
        return [Panel(Text(part.text, overflow="fold"), subtitle=place, border_style="red")]
    if isinstance(part, Excerpt):
        lines = "\n".join(f"{number:>7}  {text}" for number, text in part.lines)
        return [Panel(Text(lines, overflow="fold"), subtitle=Text(part.source, style="dim"))]
    if isinstance(part, Code):
        code = Syntax(part.text, _lexer(part.language), word_wrap=True)
        return [Panel(code, title=part.language), Text(" · ".join(part.checks), style="dim")]
    if isinstance(part, Passages):
        return [_passages(part)]
    if isinstance(part, Prose):
        return [Text(part.text)]
    if isinstance(part, SourcedLines):
        return [_sourced_lines(part)]
    if isinstance(part, Choices):
        return [Text("say one of: " + " | ".join(option.label for option in part.options))]
    return [Text(part.text, style="dim")]


def _findings(part: Findings) -> Table:
    table = Table(box=None, pad_edge=False)
    for title, justify in (
        ("", "left"),
        ("count", "right"),
        ("template", "left"),
        ("since", "left"),
    ):
        table.add_column(title, justify="right" if justify == "right" else "left", overflow="fold")
    for number, row in enumerate(part.rows, start=1):
        since = row.since.astimezone().strftime("%H:%M:%S") if row.since else ""
        label = Text(row.label, style=_COLOURS[row.change])
        template = Text(row.template)
        table.add_row(Text(f"[{number}]"), label, f"{row.count:,}", template, row.service, since)
    return table


def _passages(part: Passages) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for row in part.rows:
        place = f"{row.path}:{row.lines[0]}-{row.lines[1]}"
        title = Text.assemble((row.title, "bold"), f" › {row.heading}  ", (place, "dim"))
        excerpt = Text(" ".join(row.excerpt.split())[:240], style="dim")
        stale = (Text(row.stale, style="yellow"),) if row.stale else ()
        table.add_row(Text(f"[{row.number}]"), Group(title, excerpt, *stale))
    return table


def _sourced_lines(part: SourcedLines) -> Table:
    title = Text(part.title, style="bold") if part.title else None
    table = Table(box=None, show_header=False, pad_edge=False, title=title, title_justify="left")
    for row in part.rows:
        label = row.at.astimezone().strftime("%H:%M:%S") if row.at is not None else row.label
        link = Text(row.url, style="dim", overflow="fold")
        table.add_row(Text(label), Group(Text(row.text), *((link,) if row.url else ())))
    return table


def _lexer(language: str) -> str:
    return language.lower() if language.lower() in _LEXERS else "text"
