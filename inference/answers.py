"""The tokens of recent answers, so that the next turn of a thread continues them.

A client sends the conversation back as text. Tokenizing an answer again may give other tokens than
those that were generated, and then nothing after that point could be reused. So the engine looks
an assistant's turn up here and takes the very tokens whose cells are in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from .request import TokenId

_MAX_ANSWERS = 512


class AnswerBook:
    """Texts of finished answers with their tokens; the least recently used are forgotten.

    Thread-safe: the engine thread writes, whoever renders prompts reads.
    """

    def __init__(self, max_answers: int = _MAX_ANSWERS) -> None:
        self._max_answers = max_answers
        self._answers: OrderedDict[str, tuple[TokenId, ...]] = OrderedDict()
        self._lock = Lock()

    def remember(self, text: bytes, tokens: tuple[TokenId, ...]) -> None:
        """Keep an answer whose tokens spell exactly `text`; what is no valid UTF-8 is not kept."""
        try:
            key = text.decode()
        except UnicodeDecodeError:
            return
        if not key or not tokens:
            return
        with self._lock:
            self._answers[key] = tokens
            self._answers.move_to_end(key)
            if len(self._answers) > self._max_answers:
                self._answers.popitem(last=False)

    def tokens_of(self, text: str) -> tuple[TokenId, ...] | None:
        """The tokens that were generated for this text, if it is known."""
        with self._lock:
            tokens = self._answers.get(text)
            if tokens is not None:
                self._answers.move_to_end(text)
            return tokens
