"""The model as a judge of unclear requests: one word, and a grammar lets it write no other."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages import Intent, Turn
from bot.prompts import routing as prompts
from bot.skills.generation import Generator, as_data
from inference.request import Ended, GenerateRequest, Outcome, Priority, Sampling, TextDelta

_GRAMMAR = "root ::= " + " | ".join(f'"{intent.value}"' for intent in Intent)
_MAX_CHARS = 600
_MAX_TURNS = 3
_MAX_TURN_CHARS = 160
_MAX_TOKENS = 6
_GOOD = frozenset({Outcome.FINISHED, Outcome.LENGTH})


class Judge:
    """Asks a model which intent a request has.

    Args:
        deadline_s: Longest wait for one answer, in seconds.
        temperature: 0 always takes the likeliest word.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        deadline_s: float = 8.0,
        temperature: float = 0.0,
        priority: Priority = Priority.INTERACTIVE,
    ) -> None:
        self._generator = generator
        self._deadline_s = deadline_s
        self._temperature = temperature
        self._priority = priority

    async def intent(
        self, request_id: str, text: str, history: Sequence[Turn] = (), *, prompt: int = 0
    ) -> Intent | None:
        """The model's choice, or None when it has none in time.

        Args:
            request_id: Unique among live requests.
            history: The thread's earlier turns, oldest first.
            prompt: Which of the wordings to use.
        """
        request = GenerateRequest(
            request_id=request_id,
            messages=prompts.messages(prompt, as_data(text)[:_MAX_CHARS], _talk(history)),
            max_tokens=_MAX_TOKENS,
            sampling=Sampling(temperature=self._temperature),
            grammar=_GRAMMAR,
            priority=self._priority,
            deadline_s=self._deadline_s,
            pin_prefix=len(prompts.PREFIXES[prompt]),
        )
        answer = ""
        async for event in self._generator.stream(request):
            if isinstance(event, TextDelta):
                answer += event.text
            elif isinstance(event, Ended) and event.outcome not in _GOOD:
                return None
        return Intent(answer) if answer in set(Intent) else None


def _talk(history: Sequence[Turn]) -> str:
    return "\n".join(
        f"{as_data(turn.text)[:_MAX_TURN_CHARS]} ({turn.intent})" for turn in history[-_MAX_TURNS:]
    )
