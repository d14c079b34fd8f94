"""Fills what a request says in words: the model chooses among pieces of the request itself."""

from __future__ import annotations

from collections.abc import Mapping

from bot.prompts import runbook as prompts
from inference.request import Ended, GenerateRequest, Outcome, TextDelta
from runbooks.schema import Parameter, Runbook

from ..generation import Generator, as_data
from .candidates import candidates, form_grammar, read_form

_MAX_TOKENS = 160
_DEADLINE_S = 30.0
_MAX_REQUEST_CHARS = 3000
_GOOD = frozenset({Outcome.FINISHED, Outcome.LENGTH})


class Extractor:
    """Asks a model which piece of a request belongs to which parameter."""

    def __init__(self, generator: Generator) -> None:
        """Ask `generator`."""
        self._generator = generator

    async def read(
        self, request_id: str, runbook: Runbook, wanted: tuple[Parameter, ...], text: str
    ) -> Mapping[str, str]:
        """Values that stand in the text, by parameter; empty when the model is not there.

        What comes back has passed the parameter's own checks. No value is used twice.
        """
        quoted = as_data(text)[:_MAX_REQUEST_CHARS]
        fields = {
            parameter.name: found
            for parameter in wanted
            if (found := candidates(parameter, runbook, quoted))
        }
        if not fields:
            return {}
        asked = [(each.name, each.description) for each in wanted if each.name in fields]
        request = GenerateRequest(
            request_id=f"{request_id}-values",
            messages=prompts.messages(asked, quoted),
            max_tokens=_MAX_TOKENS,
            grammar=form_grammar(fields),
            deadline_s=_DEADLINE_S,
            pin_prefix=len(prompts.PREFIX),
        )
        return _once(read_form(await self._answer(request), fields))

    async def _answer(self, request: GenerateRequest) -> str:
        answer = ""
        async for event in self._generator.stream(request):
            if isinstance(event, TextDelta):
                answer += event.text
            elif isinstance(event, Ended) and event.outcome not in _GOOD:
                return ""
        return answer


def _once(values: Mapping[str, str]) -> Mapping[str, str]:
    """One piece of a request cannot be two things: then nobody knows which, and it is asked."""
    counts = list(values.values())
    return {name: value for name, value in values.items() if counts.count(value) == 1}
