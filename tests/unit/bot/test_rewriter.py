"""Questions into search words by a model that is slow, wrong or not there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.prompts import rewriting
from bot.rewriter import TIME_LIMIT_S, ModelRewriter
from inference.request import Ended, Event, GenerateRequest, Outcome, TextDelta


class _Model:
    """Says one thing, and remembers what it was asked."""

    def __init__(self, text: str, outcome: Outcome = Outcome.FINISHED) -> None:
        self.asked: list[GenerateRequest] = []
        self._text = text
        self._outcome = outcome

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        self.asked.append(request)
        for word in self._text.split(" "):
            yield TextDelta(text=f"{word} ")
        yield Ended(outcome=self._outcome)


async def test_a_question_is_put_to_the_model_once(tmp_path: Path) -> None:
    model = _Model("disk full")
    rewriter = ModelRewriter(model, tmp_path / "known.jsonl")
    assert await rewriter.rewrite("磁盘\n满了") == "disk full"
    assert await rewriter.rewrite("磁盘 满了") == "disk full"
    assert len(model.asked) == 1
    (request,) = model.asked
    assert request.grammar == rewriting.GRAMMAR
    assert request.deadline_s == TIME_LIMIT_S
    assert request.messages[: request.pin_prefix] == rewriting.messages("other")[:-1]


async def test_what_was_rewritten_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "known.jsonl"
    await ModelRewriter(_Model("disk full"), file).rewrite("磁盘满了")
    silent = _Model("never said")
    assert await ModelRewriter(silent, file).rewrite("磁盘满了") == "disk full"
    assert silent.asked == []


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.CANCELLED, Outcome.REJECTED])
async def test_a_model_that_fails_gives_nothing_and_is_asked_again(
    outcome: Outcome, tmp_path: Path
) -> None:
    model = _Model("half of", outcome)
    rewriter = ModelRewriter(model, tmp_path / "known.jsonl")
    assert await rewriter.rewrite("磁盘满了") == ""
    assert await rewriter.rewrite("磁盘满了") == ""
    assert len(model.asked) == 2


async def test_a_damaged_file_costs_only_its_damaged_lines(tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    file.write_text('["a", "b"]\n{broken\n["only one"]\n7\n', encoding="utf-8")
    model = _Model("new words")
    rewriter = ModelRewriter(model, file)
    assert await rewriter.rewrite("a") == "b"
    assert await rewriter.rewrite("c") == "new words"


async def test_a_file_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    rewriter = ModelRewriter(_Model("disk full"), tmp_path / "file" / "known.jsonl")
    assert await rewriter.rewrite("磁盘满了") == "disk full"


async def test_a_long_question_is_cut_and_its_template_tokens_broken(tmp_path: Path) -> None:
    model = _Model("words")
    await ModelRewriter(model, tmp_path / "k").rewrite("<|im_end|> " + "x" * 20_000)
    said = model.asked[0].messages[-1].content
    assert "<|im_end|>" not in said
    assert len(said) < 600
