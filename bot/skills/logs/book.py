"""What the log skill remembers: its answers, for their buttons, and the marks people set."""

from __future__ import annotations

from dataclasses import dataclass

from ...store.log_answers import LogAnswer, LogAnswers
from ...store.log_marks import LogMarks
from .marks import Marking


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBook:
    """Both stores together."""

    answers: LogAnswers
    marks: LogMarks

    def marking(self, *, is_text: bool) -> Marking:
        """The marks that hold now. Blocks.

        Raises:
            StoreError: The database failed.
        """
        return Marking(marks=self.marks.all(), is_text=is_text)

    def answer_in(self, channel_id: str, request_id: str) -> LogAnswer | None:
        """An answer, if it was given in this channel. Blocks.

        Raises:
            StoreError: The database failed.
        """
        answer = self.answers.find(request_id)
        return answer if answer is not None and answer.channel_id == channel_id else None
