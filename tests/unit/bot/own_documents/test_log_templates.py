"""Known log messages as documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

from bot.own_documents.log_templates import LogTemplateDocuments
from bot.store.log_answers import Evidence, LogAnswer
from bot.store.log_marks import Mark, MarkKind

T = TypeVar("T")
AT = datetime(2025, 5, 1, 12, tzinfo=UTC)

EVIDENCE = Evidence(
    number=1,
    service="checkout",
    template_id="t1",
    value="",
    pattern="pool exhausted after <num> ms",
    source="checkout",
    line_number=3,
    line="pool exhausted after 5000 ms token=hunter2",
)
ANSWER = LogAnswer(
    request_id="r1",
    channel_id="C1",
    services=("checkout",),
    is_text=False,
    start_at=None,
    end_at=None,
    evidence=(EVIDENCE,),
    created_at=AT,
)
MARK = Mark(
    kind=MarkKind.KNOWN,
    service="checkout",
    template_id="t1",
    value="",
    pattern="pool exhausted after <num> ms",
    reason="The nightly import takes all connections.",
    user_id="U1",
    name="Ana",
    created_at=AT,
    mark_id=1,
)


@dataclass
class Kept(Generic[T]):
    items: tuple[T, ...] = ()

    def all(self) -> tuple[T, ...]:
        return self.items


def documents(answers: tuple[LogAnswer, ...], marks: tuple[Mark, ...]) -> dict[str, str]:
    found = LogTemplateDocuments(Kept(answers), Kept(marks))()
    return {one.path: one.text for one in found}


def test_a_service_has_one_document_with_what_people_said() -> None:
    text = documents((ANSWER, replace(ANSWER, request_id="r2")), (MARK,))["checkout"]
    assert "pool exhausted after <num> ms" in text
    assert "Known since 2025-05-01: The nightly import takes all connections." in text
    assert "Shown in 2 answers" in text


def test_logged_lines_never_come_along() -> None:
    assert "hunter2" not in documents((ANSWER,), (MARK,))["checkout"]


def test_pasted_texts_and_marks_on_them_stay_private() -> None:
    assert documents((replace(ANSWER, is_text=True),), (replace(MARK, service=""),)) == {}
