"""What of a model's words gets through."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.skills.logs.explanation import Explainer, Explanation, with_true_citations
from inference.request import Ended, Event, GenerateRequest, Outcome, Started, TextDelta

EVIDENCE = (
    "shop\n"
    "[4] NEW in db, 9 lines, ERROR, since 08:03:19: too many connections: 20 of 20 slots\n"
    "[2] NEW, 9 lines, WARN, since 08:03:20: refused: too many connections: 20 of 20 slots\n"
    "[1] NEW, 40 lines, ERROR, since 08:03:20: pool exhausted after 500 ms"
)


class Speaker:
    """A model that says a given text in pieces of three characters."""

    def __init__(self, text: str, outcome: Outcome = Outcome.FINISHED, reason: str = "") -> None:
        self._text = text
        self._end = Ended(outcome=outcome, reason=reason)
        self.requests: list[GenerateRequest] = []

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        self.requests.append(request)
        yield Started(n_prompt=9, n_cached=0, queue_ms=0.0)
        for start in range(0, len(self._text), 3):
            yield TextDelta(text=self._text[start : start + 3])
        yield self._end


async def explained(speaker: Speaker) -> list[Explanation]:
    return [each async for each in Explainer(speaker).explain(EVIDENCE, 4, "r1")]


async def test_a_line_appears_when_it_is_complete() -> None:
    said = await explained(
        Speaker(
            "Likely cause: `pool exhausted` because of `too many connections` [2].\n"
            "Next check: who holds the 20 slots of db."
        )
    )
    assert [len(each.lines) for each in said] == [1, 2]
    assert said[-1].markup("en") == (
        "*Likely cause:* `pool exhausted` because of `too many connections` [1][4].\n"
        "*Next check:* who holds the 20 slots of db."
    )
    assert said[-1].withheld == ()


async def test_what_the_evidence_does_not_bear_out_is_withheld_and_counted() -> None:
    said = await explained(
        Speaker("Likely cause: `disk full` because of `pool exhausted` [1].\nNext check: port 99.")
    )
    assert said[-1].lines == ()
    assert said[-1].withheld == ("quote not found", "number not found")


async def test_a_sentence_that_was_cut_off_is_withheld() -> None:
    said = await explained(Speaker("Likely cause: `pool exhausted` bec", Outcome.LENGTH))
    assert (said[-1].lines, said[-1].withheld) == ((), ("cut off",))


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.REJECTED])
async def test_a_model_that_is_not_there_is_said_to_be_so(outcome: Outcome) -> None:
    said = await explained(Speaker("", outcome, "the model file is missing"))
    assert said == [Explanation(failure="the model file is missing")]


async def test_the_evidence_is_the_last_message_and_the_rest_never_changes() -> None:
    speaker = Speaker("")
    await explained(speaker)
    (request,) = speaker.requests
    assert request.messages[-1].content == EVIDENCE
    assert request.pin_prefix == len(request.messages) - 1


def test_a_reason_that_repeats_what_fails_is_left_out() -> None:
    sentence = "`too many connections` because of `too many connections: 20 of 20 slots` [1][2]."
    assert with_true_citations(sentence, EVIDENCE) == (
        "`too many connections: 20 of 20 slots` [2][4]."
    )


def test_other_sentences_stay_as_they_are() -> None:
    assert with_true_citations("The pool is empty [1].", EVIDENCE) == "The pool is empty [1]."


def test_what_began_first_is_the_reason() -> None:
    sentence = "`too many connections` because of `pool exhausted after 500 ms` [2][1]."
    assert with_true_citations(sentence, EVIDENCE) == (
        "`pool exhausted after 500 ms` because of `too many connections` [1][4]."
    )


def test_a_message_that_stands_in_two_entries_began_with_the_one_that_has_a_time() -> None:
    evidence = f"{EVIDENCE}\n[5] WARN, 3 lines: health check failed: pool exhausted after 501 ms"
    sentence = "`too many connections` because of `pool exhausted after 501 ms`."
    assert with_true_citations(sentence, evidence).startswith(
        "`pool exhausted after 501 ms` because of `too many connections`"
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            (
                "*Likely cause:* `POST 503` because of `pool full` [1].\n"
                "*Next check:* which process holds `orders`."
            ),
        ),
        (
            "de",
            (
                "*Wahrscheinliche Ursache:* `POST 503` wegen `pool full` [1].\n"
                "*Als Nächstes prüfen:* `orders`."
            ),
        ),
        ("zh", "*可能的原因:* `POST 503` 原因是 `pool full` [1].\n*下一步检查:* `orders`。"),
    ],
)
def test_what_stands_around_quotations_has_the_language_of_the_question(
    language: str, text: str
) -> None:
    lines = (
        "Likely cause: `POST 503` because of `pool full` [1].",
        "Next check: which process holds `orders`.",
    )
    assert Explanation(lines=lines).markup(language) == text
