"""The model explains the evidence; only sentences that the evidence bears out get through."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from inference.request import Ended, GenerateRequest, Outcome, Priority, TextDelta

from ...prompts import logs as prompts
from ...quotes import split_sentences, unsupported
from ..generation import Generator

_CAPTION = re.compile(r"^(Likely cause|Next check):\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the model said so far that may be shown.

    Attributes:
        sentences: Checked, in order, each as the model wrote it.
        withheld: Why each dropped sentence was dropped.
        failure: Why there is no (complete) explanation, one sentence; empty when all went well.
    """

    sentences: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    failure: str = ""

    @property
    def markup(self) -> str:
        """The sentences with their captions in bold."""
        return "\n".join(_CAPTION.sub(r"*\1:* ", sentence) for sentence in self.sentences)


class Explainer:
    """Asks a model for the likely cause and the next check."""

    def __init__(self, generator: Generator, *, max_tokens: int = 160) -> None:
        """Explain with `generator`, in at most `max_tokens` tokens."""
        self._generator = generator
        self._max_tokens = max_tokens

    async def explain(
        self,
        evidence: str,
        n_entries: int,
        request_id: str,
        priority: Priority = Priority.INTERACTIVE,
    ) -> AsyncIterator[Explanation]:
        """Yield the explanation whenever it grew by a sentence, and once when it is complete.

        Args:
            evidence: All that the model is given; safe to quote.
            n_entries: How many numbered entries it has.
        """
        request = GenerateRequest(
            request_id=f"{request_id}:explain",
            messages=prompts.messages(evidence),
            max_tokens=self._max_tokens,
            grammar=prompts.GRAMMAR,
            priority=priority,
            pin_prefix=len(prompts.PREFIX),
        )
        said = _Said(evidence, n_entries)
        async for event in self._generator.stream(request):
            if isinstance(event, TextDelta) and said.hear(event.text):
                yield said.explanation()
            elif isinstance(event, Ended):
                yield said.end(event)


class _Said:
    """What the model said so far, cut into sentences and checked."""

    def __init__(self, evidence: str, n_entries: int) -> None:
        self._evidence = evidence
        self._n_entries = n_entries
        self._rest = ""
        self._sentences: list[str] = []
        self._withheld: list[str] = []

    def hear(self, text: str) -> bool:
        """Take in a piece of text; whether a sentence was completed by it."""
        self._rest += text
        *complete, self._rest = _pieces(self._rest)
        for sentence in complete:
            self._judge(sentence)
        return bool(complete)

    def end(self, event: Ended) -> Explanation:
        """Judge what is left; a sentence that was cut off is withheld."""
        for sentence in split_sentences(self._rest):
            if event.outcome is Outcome.FINISHED or sentence.endswith((".", "!", "?")):
                self._judge(sentence)
            else:
                self._withheld.append("cut off")
        failure = ""
        if event.outcome in (Outcome.FAILED, Outcome.REJECTED):
            failure = event.reason or "the model failed"
        return self.explanation(failure)

    def explanation(self, failure: str = "") -> Explanation:
        """What may be shown now."""
        return Explanation(
            sentences=tuple(self._sentences), withheld=tuple(self._withheld), failure=failure
        )

    def _judge(self, sentence: str) -> None:
        reason = unsupported(sentence, self._evidence, self._n_entries)
        if reason:
            self._withheld.append(reason)
        elif sentence:
            self._sentences.append(sentence)


def _pieces(text: str) -> list[str]:
    """Complete sentences and, last, the unfinished rest."""
    head, newline, rest = text.rpartition("\n")
    return [*split_sentences(head), rest] if newline else [text]
