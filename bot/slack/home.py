"""The Home tab: what to ask, in one screen."""

from __future__ import annotations

from .blocks import Block, context, header, section


def home_blocks() -> list[Block]:
    """What the bot does, with one example each."""
    return [
        header("opsbot"),
        section(
            "*Logs*  `@opsbot why is checkout failing?`\n"
            "*Runbooks*  `@opsbot propose the runbook for pool exhaustion`\n"
            "*Documents*  `@opsbot what does our runbook say about pool exhaustion?`\n"
            "*Threads*  `@opsbot learn this thread`\n"
            "*Code*  `@opsbot promql for checkout 5xx rate`\n"
            "*Digests*  `@opsbot post a log digest of checkout here every weekday at 9`"
        ),
        context("Nothing runs that nobody approved. Answers come from a model on your machine."),
    ]
