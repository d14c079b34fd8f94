"""The model's answer while it grows: what is complete is checked, what holds is kept."""

from __future__ import annotations

from collections.abc import Mapping

from bot.prompts.knowledge import VERDICT_NO, VERDICT_YES, Source

from .citations import check, complete_sentences, is_off_topic


class Draft:
    """One answer.

    Args:
        sources: What may be cited.
        question: What was asked, for relevance.
        best_document: Numbers of the sources that belong to the document that fits best.

    Attributes:
        kept: Sentences that hold, in order.
        n_withheld: Sentences that do not.
        failure: Why the model did not come to an end; empty when it did.
    """

    def __init__(
        self, sources: tuple[Source, ...], question: str, best_document: frozenset[int]
    ) -> None:
        self.kept: list[str] = []
        self.n_withheld = 0
        self.failure = ""
        self._passages: Mapping[int, str] = {
            source.number: f"{source.header}\n{source.text}" for source in sources
        }
        self._question = question
        self._best_document = best_document
        self._text = ""
        self._n_seen = 0

    @property
    def is_refusal(self) -> bool:
        """Whether the model says that the passages do not answer."""
        return self._text.split(maxsplit=1)[:1] == [VERDICT_NO]

    def add(self, text: str) -> bool:
        """Take more text; whether there is a new sentence to show."""
        self._text += text
        return "\n" in text and self._check(is_final=False)

    def end(self, *, is_whole: bool) -> None:
        """Take the end; a last sentence that was cut off is not looked at."""
        self._check(is_final=is_whole)

    def _check(self, *, is_final: bool) -> bool:
        sentences = complete_sentences(_without_verdict(self._text), is_final=is_final)
        fresh, self._n_seen = sentences[self._n_seen :], len(sentences)
        n_before = len(self.kept)
        for sentence in fresh:
            self._take(sentence)
        return len(self.kept) > n_before

    def _take(self, sentence: str) -> None:
        checked = check(sentence, self._passages)
        if checked.fault is not None or is_off_topic(
            checked.text, self._question, self._best_document
        ):
            self.n_withheld += 1
        elif checked.text not in self.kept:
            self.kept.append(checked.text)


def _without_verdict(text: str) -> str:
    """The lines behind the verdict; a text without one is taken whole."""
    verdict, _, rest = text.lstrip().partition("\n")
    return rest if verdict.strip() in {VERDICT_YES, VERDICT_NO} else text
