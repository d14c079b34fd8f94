"""The demo's incident from the first question to a healthy shop, with a real small model."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from bot.stage import Stage
from bot.workspace import seed

from .visitor import Visitor, shown

DONE = "feedback"
pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture
def visitor(stage: Stage) -> Visitor:
    return Visitor(stage.workspace)


async def health(stage: Stage) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{stage.incident.checkout_url}/health", timeout=5)).status_code


async def test_evidence_comes_first_then_the_explanation_then_the_cure(
    stage: Stage, visitor: Visitor
) -> None:
    await stage.workspace.wait_for_bot()
    asked = visitor.mention(seed.MAYA, "why is checkout failing?")
    first = await visitor.sees(asked.ts, lambda text: "pool exhausted" in text, 10)
    evidence = shown(first)
    assert "NEW" in evidence
    quoted = re.search(r"(\S*checkout\S*\.log):(\d+)", evidence)
    assert quoted is not None
    lines = log_lines(stage, "checkout")
    assert "pool exhausted" in lines[int(quoted.group(2)) - 1]

    answer = await visitor.sees(asked.ts, lambda text: DONE in text, 120)
    assert answer.ts == first.ts
    assert re.search(
        r"read [\d,]+ = shown [\d,]+ \+ folded [\d,]+ \+ skipped [\d,]+", shown(answer)
    )

    card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text, 60)
    assert "terminate-idle" in shown(card)
    assert "idle in transaction" in shown(card)
    await visitor.press(seed.MAYA, card, "proposal_approve")
    await visitor.whispered(seed.MAYA, lambda text: "Not counted" in text)
    assert await health(stage) == 503

    await visitor.press(seed.JONAS, card, "proposal_approve")
    done = await visitor.sees(asked.ts, lambda text: "*succeeded*" in text, 60)
    assert "terminated" in shown(done)
    assert "verified" in shown(done)
    assert await health(stage) == 200


async def test_a_follow_up_needs_neither_mention_nor_context(
    stage: Stage, visitor: Visitor
) -> None:
    asked = visitor.mention(seed.MAYA, "what do the logs of checkout say?")
    await visitor.sees(asked.ts, lambda text: DONE in text, 120)
    visitor.say(seed.MAYA, "and orders?", asked.ts)
    follow_up = await visitor.sees(asked.ts, lambda text: "orders ·" in text and DONE in text, 120)
    assert "lines" in shown(follow_up)


async def test_documents_are_cited_and_what_they_do_not_say_is_refused(
    stage: Stage, visitor: Visitor
) -> None:
    asked = visitor.mention(seed.MAYA, "what does our runbook say about pool exhaustion?")
    answer = await visitor.sees(asked.ts, lambda text: DONE in text, 120)
    assert "pool-exhaustion.md" in shown(answer)
    other = visitor.mention(seed.MAYA, "what does our runbook say about llamas in Peru?")
    refused = await visitor.sees(
        other.ts, lambda text: "Nothing in the knowledge base" in text, 120
    )
    assert "[1]" not in json.dumps([b for b in refused.blocks if b["type"] == "markdown"])


async def test_promql_is_one_checked_block(stage: Stage, visitor: Visitor) -> None:
    asked = visitor.mention(seed.MAYA, "promql for checkout 5xx rate")
    answer = await visitor.sees(asked.ts, lambda text: DONE in text, 120)
    text = shown(answer)
    assert text.count("```") == 2
    assert "promql" in text.lower()


async def test_what_people_say_is_computed_before_an_answer_needs_it(
    stage: Stage, visitor: Visitor
) -> None:
    asked = visitor.mention(seed.MAYA, "promql for checkout 5xx rate")
    await visitor.sees(asked.ts, lambda text: DONE in text, 120)
    n_prefilled, n_reused = n_eager(stage, "prefilled"), n_eager(stage, "reused")
    visitor.say(seed.MAYA, f"<@{seed.JONAS}> only the EU region matters", asked.ts)
    await until(lambda: n_eager(stage, "prefilled") > n_prefilled)
    visitor.mention(seed.MAYA, "now per region", asked.ts)
    await until(lambda: n_eager(stage, "reused") > n_reused)


async def test_a_digest_is_confirmed_listed_run_and_removed(stage: Stage, visitor: Visitor) -> None:
    asked = visitor.mention(seed.MAYA, "post a log digest of checkout here every weekday at 9")
    confirmed = await visitor.sees(asked.ts, lambda text: "every weekday" in text)
    maya = stage.workspace.state.users[seed.MAYA]
    assert maya.timezone in shown(confirmed)
    found = re.search(r"digest (\d+)", shown(confirmed))
    assert found is not None
    number = found.group(1)

    listing = visitor.mention(seed.MAYA, "list digests")
    await visitor.sees(listing.ts, lambda text: f"*{number}*" in text and "checkout" in text)
    now = visitor.mention(seed.MAYA, f"run digest {number} now")
    digest = await visitor.sees_in_channel(lambda text: "checkout" in text and "lines" in text, 60)
    await visitor.sees(now.ts, lambda text: "was posted" in text)
    assert digest.channel_id == seed.INCIDENTS
    removed = visitor.mention(seed.MAYA, f"remove digest {number}")
    await visitor.sees(removed.ts, lambda text: "is removed" in text)
    assert not await stage.core.schedules.all()


def n_eager(stage: Stage, kind: str) -> float:
    return stage.core.registry.get_sample_value(f"opsbot_eager_{kind}_tokens_total") or 0


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        # Counters tell nobody that they grew.
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def log_lines(stage: Stage, service: str) -> list[str]:
    path = Path(stage.settings.logs.sources[service][0])
    return path.read_text(encoding="utf-8").splitlines()
