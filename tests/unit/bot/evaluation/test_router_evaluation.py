from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.evaluation.router import evaluate, held_back, read_cases, validation
from bot.messages import Intent
from bot.router import Route, Source
from bot.router.training.messages import generate
from inference.errors import ModelUnavailableError


class _AlwaysLogs:
    async def prepare(self) -> None:
        raise ModelUnavailableError("no encoder here")

    async def route(self, text: str) -> Route:
        return Route(intent=Intent.LOGS, confidence=0.5, source=Source.RULE, ms=float(len(text)))


def _write(folder: Path, *records: dict[str, str]) -> None:
    lines = "\n".join(json.dumps(record) for record in records)
    (folder / "dev.jsonl").write_text(lines + "\n", encoding="utf-8")


async def test_accuracy_is_counted_in_total_and_by_group(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {"text": "a", "intent": "logs", "lang": "en"},
        {"text": "bbb", "intent": "chat", "lang": "en"},
        {"text": "cc", "intent": "logs", "lang": "zh"},
    )
    report = await evaluate(read_cases(tmp_path), _AlwaysLogs())
    assert report.total.accuracy == pytest.approx(2 / 3)
    assert report.by_intent["chat"].accuracy == 0
    assert report.by_language["zh"].accuracy == 1
    assert report.confusion["chat"]["logs"] == 1
    assert (report.median_ms, report.p95_ms) == (2, 3)
    assert report.calibration_error == pytest.approx(abs(0.5 - 2 / 3), abs=1e-4)
    assert [mistake.text for mistake in report.mistakes] == ["bbb"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no labelled requests"):
        read_cases(tmp_path)


def test_no_held_back_request_is_learned_from_or_tuned_on() -> None:
    seen = {message.text.lower() for message in generate()}
    seen |= {case.text.lower() for case in validation()}
    held = held_back()
    assert len(held) >= 200
    assert len({case.language for case in held}) == 5
    assert not {case.text.lower() for case in held} & seen


def test_no_validation_request_is_learned_from() -> None:
    learned = {message.text.lower() for message in generate()}
    assert not {case.text.lower() for case in validation()} & learned
