"""Questions into English search words by the local model, remembered so that each is paid once."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import OrderedDict
from pathlib import Path

import structlog

from inference.request import Ended, GenerateRequest, Outcome, TextDelta

from .prompts import rewriting
from .skills.generation import Generator, as_data

TIME_LIMIT_S = 6.0
"""A person waits: after this the search goes on with the words it has."""

_N_REMEMBERED = 2000
_MAX_QUESTION_CHARS = 500
_MAX_OUTPUT_TOKENS = 48


class ModelRewriter:
    """See `knowledge.rewriting.Rewriter`.

    Args:
        generator: Words the questions.
        file: Where rewritings are kept, one JSON object a line; made when missing.
    """

    def __init__(self, generator: Generator, file: Path) -> None:
        self._generator = generator
        self._file = file
        self._known: OrderedDict[str, str] | None = None

    async def rewrite(self, question: str) -> str:
        """English search words, or nothing when the model gave none in time. Never raises."""
        asked = " ".join(question.split())[:_MAX_QUESTION_CHARS]
        if self._known is None:
            self._known = await asyncio.to_thread(_read, self._file)
        found = self._known.get(asked)
        if found is None:
            found = await self._ask(asked)
            if found:
                self._known[asked] = found
                await asyncio.to_thread(_write, self._file, self._known)
        return found

    async def _ask(self, question: str) -> str:
        request = GenerateRequest(
            request_id=f"rewrite-{uuid.uuid4().hex[:12]}",
            messages=rewriting.messages(as_data(question)),
            max_tokens=_MAX_OUTPUT_TOKENS,
            grammar=rewriting.GRAMMAR,
            deadline_s=TIME_LIMIT_S,
            pin_prefix=rewriting.N_FIXED,
        )
        text, outcome = "", Outcome.FAILED
        async for event in self._generator.stream(request):
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Ended):
                outcome = event.outcome
        return text.strip() if outcome in (Outcome.FINISHED, Outcome.LENGTH) else ""


def _read(file: Path) -> OrderedDict[str, str]:
    """What was remembered; a line that cannot be read is passed over."""
    known: OrderedDict[str, str] = OrderedDict()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return known
    except (OSError, UnicodeDecodeError) as exc:
        structlog.get_logger().warning("rewritings_not_read", reason=str(exc))
        return known
    for line in lines:
        try:
            question, words = json.loads(line)
        except (ValueError, TypeError):
            continue
        known[str(question)] = str(words)
    return known


def _write(file: Path, known: OrderedDict[str, str]) -> None:
    """Keep the newest; a disk that cannot be written costs only the memory of it."""
    while len(known) > _N_REMEMBERED:
        known.popitem(last=False)
    lines = [json.dumps(pair, ensure_ascii=False) for pair in known.items()]
    fresh = file.with_suffix(f".{uuid.uuid4().hex[:8]}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.replace(file)
    except OSError as exc:
        structlog.get_logger().warning("rewritings_not_kept", reason=str(exc))
