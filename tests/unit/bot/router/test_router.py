from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.messages import Intent, Turn
from bot.router import Router, Source
from inference.errors import ModelUnavailableError


class _WordEncoder:
    """Embeds a text as the sum of fixed random vectors of its words."""

    def __init__(self) -> None:
        self.n_texts = 0

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.n_texts += len(texts)
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> NDArray[np.float32]:
        vector = np.full(32, 1e-3, dtype=np.float32)
        for word in text.lower().split():
            seed = zlib.crc32(word.encode())
            vector += np.random.default_rng(seed).standard_normal(32).astype(np.float32)
        return vector / np.float32(np.linalg.norm(vector))


class _NoEncoder:
    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ModelUnavailableError(f"no encoder for {len(texts)} texts")


class _StuckEncoder:
    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        await asyncio.Event().wait()
        return np.zeros((len(texts), 1), dtype=np.float32)


def _damage(folder: Path) -> None:
    (file,) = folder.iterdir()
    file.write_bytes(b"\x93NUMPY damaged")


def _turn(intent: Intent) -> Turn:
    return Turn(text="before", intent=intent, answer="")


@pytest.fixture(scope="module")
def router() -> Router:
    return Router()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("why is checkout failing?", Intent.LOGS),
        ("what does our runbook say about pool exhaustion?", Intent.KNOWLEDGE),
        ("promql for checkout 5xx rate", Intent.CODE),
        ("post a log digest of checkout here every weekday at 9", Intent.SCHEDULE),
        ("restart nginx on web-3", Intent.RUNBOOK),
        ("how do we restart nginx?", Intent.KNOWLEDGE),
        ("give me the command to restart nginx but don't run it", Intent.CODE),
        ("approve proposal 12", Intent.RUNBOOK),
        ("[FIRING:1] DiskFull\nLabels:\n - alertname = DiskFull", Intent.RUNBOOK),
        ("*[ALERTING]* Disk is full", Intent.RUNBOOK),
        ("Triggered: disk of web-1", Intent.RUNBOOK),
        ("write a promql alert that is firing when a disk is full", Intent.CODE),
        ("thanks!", Intent.CHAT),
        ("2026-01-01T10:00:00Z ERROR orders too many connections", Intent.LOGS),
        ("为什么支付服务一直报错", Intent.LOGS),
        ("重启支付服务", Intent.RUNBOOK),
        ("我们的发布流程是什么", Intent.KNOWLEDGE),
        ("每天早上八点在这里发一份摘要", Intent.SCHEDULE),
        ("写一个匹配邮箱的正则", Intent.CODE),
        ("你好", Intent.CHAT),
        ("", Intent.CHAT),
    ],
)
async def test_clear_requests_go_where_they_belong(
    router: Router, text: str, intent: Intent
) -> None:
    route = await router.route(text)
    assert route.intent is intent
    assert 0 < route.confidence <= 1


async def test_what_no_rule_knows_is_decided_by_the_examples(router: Router) -> None:
    route = await router.route("bring web-9 back into rotation")
    assert (route.intent, route.source) == (Intent.RUNBOOK, Source.EXAMPLES)


@pytest.mark.parametrize("text", ["and orders?", "why?", "now per route", "同样看一下订单呢"])
@pytest.mark.parametrize("intent", [Intent.LOGS, Intent.CODE, Intent.KNOWLEDGE])
async def test_a_short_follow_up_keeps_the_threads_intent(
    router: Router, text: str, intent: Intent
) -> None:
    route = await router.route(text, (_turn(Intent.CHAT), _turn(intent)))
    assert (route.intent, route.source) == (intent, Source.THREAD)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("restart nginx on web-3", Intent.RUNBOOK),
        ("thanks", Intent.CHAT),
        ("promql for that", Intent.CODE),
        ("and post a digest of it every morning at 9", Intent.SCHEDULE),
    ],
)
async def test_a_clear_request_in_a_thread_is_not_a_follow_up(
    router: Router, text: str, intent: Intent
) -> None:
    assert (await router.route(text, (_turn(Intent.LOGS),))).intent is intent


async def test_a_file_without_words_is_read_as_logs(router: Router) -> None:
    assert (await router.route("", has_attachments=True)).intent is Intent.LOGS
    assert (await router.route("convert this yaml to json", has_attachments=True)).intent is (
        Intent.CODE
    )


async def test_the_examples_are_embedded_once() -> None:
    encoder = _WordEncoder()
    router = Router(encoder)
    await router.prepare()
    n_examples = encoder.n_texts
    await router.prepare()
    await router.route("bring web-9 back into rotation")
    assert encoder.n_texts == n_examples + 1


async def test_vectors_are_kept_between_starts_for_the_same_encoder(tmp_path: Path) -> None:
    first, again, other = _WordEncoder(), _WordEncoder(), _WordEncoder()
    await Router(first, encoder_name="a", folder=tmp_path).prepare()
    await Router(again, encoder_name="a", folder=tmp_path).prepare()
    await Router(other, encoder_name="b", folder=tmp_path).prepare()
    assert (again.n_texts, other.n_texts) == (0, first.n_texts)


async def test_a_damaged_vector_file_is_made_again(tmp_path: Path) -> None:
    await Router(_WordEncoder(), encoder_name="a", folder=tmp_path).prepare()
    _damage(tmp_path)
    encoder = _WordEncoder()
    router = Router(encoder, encoder_name="a", folder=tmp_path)
    await router.prepare()
    assert router.is_prepared
    assert encoder.n_texts > 0


async def test_without_an_encoder_requests_are_still_routed() -> None:
    router = Router(_NoEncoder())
    route = await router.route("bring web-9 back into rotation")
    assert route.intent is Intent.RUNBOOK
    assert not router.is_prepared
    with pytest.raises(ModelUnavailableError):
        await router.prepare()


async def test_a_busy_encoder_does_not_hold_a_request_up() -> None:
    async with asyncio.timeout(5):
        route = await Router(_StuckEncoder()).route("bring web-9 back into rotation")
    assert route.intent is Intent.RUNBOOK
