"""The model words what a step showed; a sentence that claims what is not there is withheld."""

from __future__ import annotations

from uuid import uuid4

from inference.request import Ended, GenerateRequest, Outcome, TextDelta
from runbooks.actions.output import bounded
from runbooks.errors import ExecutionError

from .prompts import explanation
from .quotes import check, split_sentences
from .skills.generation import Generator, as_data

_MAX_TOKENS = 160
_MAX_SHOWN_CHARS = 6000
_ENOUGH = (Outcome.FINISHED, Outcome.LENGTH)


class ModelWording:
    """A `runbooks.actions.explain.Wording`."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    async def word(self, question: str, shown: str) -> str:
        """See `Wording.word`; only sentences that the output supports come back."""
        evidence = as_data(bounded(shown, _MAX_SHOWN_CHARS))
        sentences = await self._written(as_data(question), evidence)
        checked = check(sentences, f"{evidence}\n{question}")
        if not checked.sentences:
            raise ExecutionError("the model said nothing that the output supports")
        withheld = ""
        if checked.n_withheld:
            withheld = f"\n({checked.n_withheld} sentences withheld: not in the output)"
        return " ".join(checked.sentences) + withheld

    async def _written(self, question: str, evidence: str) -> tuple[str, ...]:
        request = GenerateRequest(
            request_id=f"explain-{uuid4().hex}",
            messages=explanation.messages(question, evidence),
            max_tokens=_MAX_TOKENS,
        )
        text = ""
        outcome = Outcome.FAILED
        async for event in self._generator.stream(request):
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Ended):
                outcome = event.outcome
        if outcome not in _ENOUGH:
            raise ExecutionError(f"the model gave no answer ({outcome.value})")
        sentences = split_sentences(text)
        return sentences[:-1] if outcome is Outcome.LENGTH else sentences
