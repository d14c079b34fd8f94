"""Messages to prompt tokens, through the model's own template.

The template is rendered around placeholders, never around what people wrote: its own parts are
tokenized with their special tokens, contents as plain text. A content can thus never open a turn.
Every part is tokenized by itself, so earlier turns keep their tokens when a turn is added and the
prefix cache can find them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .answers import AnswerBook
from .backends.base import ModelInfo, Vocabulary
from .errors import ChatTemplateError
from .request import ChatMessage, Role, TokenId

_PLACEHOLDER = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A rendered conversation.

    Attributes:
        tokens: The whole prompt, ready for the model's answer.
        starts: For each message, the index in `tokens` at which its content begins.
        stops: For each message, the index in `tokens` at which its content ends.
    """

    tokens: tuple[TokenId, ...]
    starts: tuple[int, ...]
    stops: tuple[int, ...]

    def n_prefix(self, n_messages: int) -> int:
        """Tokens that stay the same whatever comes after the first `n_messages` messages.

        The next message's opening belongs to them; it is assumed to keep its role.
        """
        if n_messages == 0:
            return 0
        return self.starts[n_messages] if n_messages < len(self.starts) else len(self.tokens)


class ChatTemplate:
    """A model's chat template, compiled once. May be used from any thread.

    Args:
        info: The model; its template comes from the model file and runs in a sandbox.
        vocabulary: The same model's tokens.
        answers: Tokens of earlier answers; an assistant's turn found there keeps them.

    Raises:
        ChatTemplateError: The model has no template or it is not valid.
    """

    def __init__(
        self, info: ModelInfo, vocabulary: Vocabulary, answers: AnswerBook | None = None
    ) -> None:
        if not info.chat_template:
            raise ChatTemplateError(
                f"the model {info.description} has no chat template; use an instruct model"
            )
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _refuse  # pyright: ignore[reportArgumentType]
        environment.filters["tojson"] = json.dumps
        self._vocabulary = vocabulary
        self._info = info
        self._answers = answers or AnswerBook()
        try:
            self._render: Callable[..., str] = environment.from_string(info.chat_template).render
        except TemplateError as exc:
            raise ChatTemplateError(f"the model's chat template is not valid: {exc}") from exc

    def prompt(self, messages: tuple[ChatMessage, ...]) -> Prompt:
        """Render a conversation up to the point where the assistant answers.

        Raises:
            ChatTemplateError: The template refuses these messages or leaves one out.
        """
        tokens: list[TokenId] = []
        starts: dict[int, int] = {}
        stops: dict[int, int] = {}
        for index, part in enumerate(_PLACEHOLDER.split(self._skeleton(messages))):
            if index % 2 == 0:
                tokens += self._vocabulary.tokenize(part, parse_special=True)
            else:
                number = int(part)
                starts.setdefault(number, len(tokens))
                tokens += self._content(messages[number])
                stops[number] = len(tokens)
        lost = next((i for i in range(len(messages)) if i not in starts), None)
        if lost is not None:
            raise ChatTemplateError(f"the model's chat template leaves out message {lost + 1}")
        numbers = range(len(messages))
        return self._with_bos(tokens, [starts[i] for i in numbers], [stops[i] for i in numbers])

    def prefix(self, messages: tuple[ChatMessage, ...]) -> tuple[TokenId, ...]:
        """Tokens that every prompt has which begins with these messages and goes on with a user's.

        Raises:
            ChatTemplateError: As for `prompt`.
        """
        prompt = self.prompt((*messages, ChatMessage(Role.USER, "")))
        return prompt.tokens[: prompt.n_prefix(len(messages))]

    def _content(self, message: ChatMessage) -> Sequence[TokenId]:
        known = self._answers.tokens_of(message.content) if message.role is Role.ASSISTANT else None
        return known or self._vocabulary.tokenize(message.content, parse_special=False)

    def _skeleton(self, messages: tuple[ChatMessage, ...]) -> str:
        """The template's own text, with a placeholder where each content goes."""
        turns = [
            {"role": message.role.value, "content": f"\ue000{index}\ue001"}
            for index, message in enumerate(messages)
        ]
        try:
            return self._render(
                messages=turns,
                add_generation_prompt=True,
                bos_token=self._info.bos_text,
                eos_token=self._info.eos_text,
            )
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as exc:
            raise ChatTemplateError(
                f"the model's chat template cannot render this conversation: {exc}"
            ) from exc

    def _with_bos(self, tokens: list[TokenId], starts: list[int], stops: list[int]) -> Prompt:
        bos = self._info.bos
        if bos is not None and tokens[:1] != [bos]:
            tokens = [bos, *tokens]
            starts = [start + 1 for start in starts]
            stops = [stop + 1 for stop in stops]
        return Prompt(tokens=tuple(tokens), starts=tuple(starts), stops=tuple(stops))


def _refuse(message: str) -> NoReturn:
    """What templates call `raise_exception`."""
    raise TemplateError(message)
