"""A piece of code on its way: what is to be written, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.prompts import code as prompts
from inference.request import ChatMessage

from ..generation import as_data
from .languages import Language
from .snippets import Match
from .verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be written, with all that the model is given for it.

    Attributes:
        examples: Snippets that are like what was asked.
    """

    request_id: str
    text: str
    language: Language
    earlier: str
    titles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    talk: str = ""
    examples: tuple[Match, ...] = ()

    def conversation(self) -> tuple[ChatMessage, ...]:
        """The prompt, with everything that people or documents wrote made safe to quote."""
        return prompts.messages(
            language=self.language.label,
            task=as_data(self.text),
            notes=tuple(as_data(note) for note in self.notes),
            earlier=as_data(self.earlier),
            talk=self.talk,
            examples=tuple((as_data(each.asked), as_data(each.code)) for each in self.examples),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One thing the model wrote, and what the tools say to it; `failure` when it wrote nothing."""

    code: str = ""
    verdict: Verdict = field(default_factory=lambda: Verdict(tool=""))
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """How a request ended.

    Attributes:
        snippet: The snippet that is the answer; then its one draft is no model's.
        drafts: In their order, one at least; every one but the first is a repair.
    """

    task: Task
    drafts: tuple[Draft, ...]
    snippet: Match | None = None

    @property
    def best(self) -> Draft | None:
        """The draft to show: valid before doubtful, then the earliest; None when none was written."""
        written = [draft for draft in self.drafts if draft.code]
        return min(written, key=lambda draft: draft.verdict.rank) if written else None
