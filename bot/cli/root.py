"""Mounts every command group. Heavy imports happen inside the commands."""

from __future__ import annotations

from typing import Annotated

import typer

from ..demo.cli import break_checkout, orders
from . import (
    ask,
    audit,
    command,
    demo,
    doctor,
    engine_child,
    evaluate,
    incident,
    kb,
    kb_gaps,
    logs,
    models,
    policy,
    runbook,
)
from . import bench as bench_cli
from . import investigate as investigate_cli
from . import route as route_cli
from . import router as router_cli
from . import schedule as schedule_cli
from . import serve as serve_cli
from . import up as up_cli

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="An ops assistant on your own machine: evidence first, nothing runs unapproved.",
)

demo.app.add_typer(orders, name="orders")
kb.app.command("gaps")(kb_gaps.gaps)
kb.app.command("feedback")(kb_gaps.feedback)
demo.app.command("break")(break_checkout)

app.add_typer(demo.app, name="demo")
app.command("up")(up_cli.up)
app.command("serve")(serve_cli.serve)
app.command("ask")(ask.ask)
app.command("investigate")(investigate_cli.investigate)
app.command("route")(route_cli.route)
app.add_typer(router_cli.app, name="router")
app.add_typer(logs.app, name="logs")
app.add_typer(kb.app, name="kb")
app.add_typer(runbook.app, name="runbook")
app.add_typer(policy.app, name="policy")
app.add_typer(command.app, name="command")
app.add_typer(schedule_cli.app, name="schedule")
app.add_typer(models.app, name="models")
app.add_typer(audit.app, name="audit")
app.add_typer(incident.app, name="incident")
app.command("doctor")(doctor.doctor)
app.add_typer(evaluate.app, name="eval")
app.add_typer(bench_cli.app, name="bench")
app.command("engine-child", hidden=True)(engine_child.engine_child)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("opsbot"))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and end.")
    ] = False,
) -> None:
    """Take the options that every command shares; keep standard output for what they print."""
    from ..log_setup import set_up_logging

    set_up_logging("ERROR")
