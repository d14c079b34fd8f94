"""The model explains the evidence; only sentences that the evidence bears out get through."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from inference.request import Ended, GenerateRequest, Outcome, Priority, TextDelta

from ...phrases import say, speaks
from ...prompts import logs as prompts
from ...quotes import split_sentences, unsupported
from ..generation import Generator
from .quotable import grammar_of

_CAUSE = re.compile(r"`([^`]+)`(?: because of `([^`]+)`)?(?:\s*\[\d+\])*\.?")
_ENTRY = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
_SINCE = re.compile(r"^\[\d+\] [^:]*, since \d\d:")
_NUMBER = re.compile(r"\d+")
_NAMED = re.compile(r"`[^`]+`")
_CAPTION = re.compile(r"^(Likely cause|Next check):\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the model said so far that may be shown.

    Attributes:
        lines: The form's lines with their checked sentences, as the model wrote them.
        withheld: Why each dropped sentence was dropped.
        failure: Why there is no (complete) explanation, one sentence; empty when all went well.
    """

    lines: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    failure: str = ""

    def markup(self, language: str) -> str:
        """The lines in a language, with their captions in bold.

        Quotations stay as they are. The model writes the next check in English; elsewhere only what
        it names is said.
        """
        return "\n".join(_worded(line, language) for line in self.lines)


def _worded(line: str, language: str) -> str:
    caption = _CAPTION.match(line)
    if caption is None:
        return line
    said = line[caption.end() :]
    is_cause = caption[1] == "Likely cause"
    key = "explained_cause" if is_cause else "explained_next"
    names = _NAMED.findall(said)
    if is_cause:
        said = said.replace("` because of `", f"` {say('explained_because', language)} `", 1)
    elif names and speaks(language) != "en":
        said = say("explained_look", language, name=names[-1])
    return f"*{say(key, language)}:* {said}"


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
        *,
        talk: str = "",
    ) -> AsyncIterator[Explanation]:
        """Yield the explanation whenever it grew by a line, and once when it is complete.

        Args:
            evidence: All that the explanation may rest on; safe to quote.
            n_entries: How many numbered entries it has.
            talk: What people said in the thread, safe to quote; no evidence.
        """
        request = GenerateRequest(
            request_id=f"{request_id}:explain",
            messages=prompts.messages(evidence, talk),
            max_tokens=self._max_tokens,
            grammar=grammar_of(evidence),
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
        self._lines: list[str] = []
        self._withheld: list[str] = []

    def hear(self, text: str) -> bool:
        """Take in a piece of text; whether a line was completed by it."""
        *complete, self._rest = (self._rest + text).split("\n")
        for line in complete:
            self._judge(line)
        return bool(complete)

    def end(self, event: Ended) -> Explanation:
        """Judge what is left; a line that was cut off is withheld."""
        rest = self._rest.strip()
        if event.outcome is Outcome.FINISHED or rest.endswith((".", "!", "?")):
            self._judge(rest)
        elif rest:
            self._withheld.append("cut off")
        failure = ""
        if event.outcome in (Outcome.FAILED, Outcome.REJECTED):
            failure = event.reason or "the model failed"
        return self.explanation(failure)

    def explanation(self, failure: str = "") -> Explanation:
        """What may be shown now."""
        return Explanation(
            lines=tuple(self._lines), withheld=tuple(self._withheld), failure=failure
        )

    def _judge(self, line: str) -> None:
        caption = _CAPTION.match(line)
        kept: list[str] = []
        for sentence in _sentences(line[caption.end() :] if caption else line):
            reason = unsupported(sentence, self._evidence, self._n_entries)
            if reason:
                self._withheld.append(reason)
            else:
                kept.append(with_true_citations(sentence, self._evidence))
        if kept:
            self._lines.append(" ".join((caption.group().strip(), *kept) if caption else kept))


def _sentences(text: str) -> tuple[str, ...]:
    """A text's sentences; the cause is one, whatever full stops are in what it quotes."""
    return (text,) if _CAUSE.fullmatch(text.strip()) else split_sentences(text)


def with_true_citations(sentence: str, evidence: str) -> str:
    """The cause sentence, citing the entries that really contain what it quotes.

    A reason that only repeats what fails is left out, and one that began after what fails changes
    places with it. Other sentences stay as they are.
    """
    match = _CAUSE.fullmatch(sentence)
    if match is None:
        return sentence
    what, why = match[1], match[2] or match[1]
    if _began(why, evidence) > _began(what, evidence):
        what, why = why, what
    if what in why or why in what:
        text, quotes = f"`{max(what, why, key=len)}`", (max(what, why, key=len),)
    else:
        text, quotes = f"`{what}` because of `{why}`", (what, why)
    # Entries stand in the order of time: the last reason is the earliest entry that gives it.
    entries: list[tuple[str, str]] = _ENTRY.findall(evidence)
    cited = [min((int(n) for n, line in entries if quotes[0] in line), default=None)]
    cited.append(next((int(n) for n, line in entries if quotes[-1] in line), None))
    found = dict.fromkeys(number for number in cited if number is not None)
    return f"{text} {''.join(f'[{number}]' for number in found)}." if found else sentence


def _began(quote: str, evidence: str) -> int:
    """The place of a quote's first entry in the order of time; 0 when it has no time.

    A message may stand in several entries of which only some have times, with other numbers.
    """
    lines = evidence.split("\n")
    for place, line in enumerate(lines):
        if quote in line and _SINCE.match(line):
            return place
    wanted = _NUMBER.sub("#", quote)
    alike = (n for n, line in enumerate(lines) if wanted in _NUMBER.sub("#", line))
    return next((place for place in alike if _SINCE.match(lines[place])), 0)
