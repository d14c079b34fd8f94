"""Help and small talk; no model needed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..messages import Note, Prose, Reply, Request, SkillEvent, Turn

HELP = (
    "I read logs, search your documents, propose runbooks and write queries. For example:\n"
    "• `why is checkout failing?`  evidence from the live logs, then an explanation\n"
    "• `investigate checkout`  looks further, step by step, and says the likely cause\n"
    "• `what does our runbook say about pool exhaustion?`  passages with citations\n"
    "• `learn this thread`  a summary that somebody keeps, found by later questions\n"
    "• `run the runbook for pool exhaustion`  a proposal that somebody else approves\n"
    "• `promql for checkout 5xx rate`  one checked code block\n"
    "• `post a log digest of checkout here every weekday at 9`  a schedule"
)


class ChatSkill:
    """Says what the bot can do."""

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Answer with help; anything else that is said here has no better answer."""
        yield Reply(
            parts=(Prose(text=HELP), Note(text="nothing runs that nobody approved")),
            summary="I read logs, search documents, propose runbooks and write queries.",
        )
