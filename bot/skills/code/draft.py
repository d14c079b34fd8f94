"""A piece of code on its way: what is to be written, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.prompts import code as prompts
from inference.request import ChatMessage

from ..generation import as_data
from .languages import Language
from .verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be written, with all that the model is given for it.

    Attributes:
        documents: Which documents it was made of; see `bot.provenance`.
    """

    request_id: str
    text: str
    language: Language
    earlier: str
    titles: tuple[str, ...]
    notes: tuple[str, ...]
    documents: str = "[]"
    talk: str = ""

    def conversation(self) -> tuple[ChatMessage, ...]:
        """The prompt, with everything that people or documents wrote made safe to quote."""
        return prompts.messages(
            language=self.language.label,
            task=as_data(self.text),
            notes=tuple(as_data(note) for note in self.notes),
            earlier=as_data(self.earlier),
            talk=self.talk,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One thing the model wrote, and what the tools say to it; `failure` when it wrote nothing."""

    code: str = ""
    verdict: Verdict = field(default_factory=lambda: Verdict(tool=""))
    failure: str = ""
