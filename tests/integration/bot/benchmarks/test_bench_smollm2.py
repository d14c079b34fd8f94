from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from bot.benchmarks.chat_client import ChatClient, Endpoint
from bot.benchmarks.document import model_subject
from bot.benchmarks.load import measure_load
from bot.benchmarks.ops_load import OpsLoad
from bot.benchmarks.serving import own_server
from bot.benchmarks.throughput import open_model_probe
from bot.model_plan import plan_model
from bot.settings import Settings, load_settings

pytestmark = pytest.mark.model


@pytest.fixture
def settings(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("OPSBOT_MODEL", str(smollm2))
    monkeypatch.setenv("OPSBOT_INFERENCE__N_CTX", "1024")
    return load_settings()


async def test_a_real_engine_is_measured_call_by_call(settings: Settings) -> None:
    plan = plan_model(settings)
    async with open_model_probe(plan) as probe:
        found = await probe.measure(64, 4)
    assert found.n_decode == 4
    assert 64 <= found.n_prefill < 140
    assert 0 < found.python_share < 0.9
    assert model_subject("smollm2", plan.path).quantisation == "Q4_1"


async def test_our_own_server_is_started_measured_and_ended(settings: Settings) -> None:
    load = OpsLoad(n_threads=1, n_turns=2, n_output=2, n_system_words=20, n_user_words=9)
    async with own_server() as url, ChatClient(Endpoint(name="opsbot", url=url)) as side:
        children = psutil.Process().children()
        assert Path(settings.model).stem in await side.describe()
        result = await measure_load(
            [side], load, concurrencies=[1], n_rounds=1, progress=lambda _: None
        )
    (found,) = result.sides
    assert (found.n_requests, found.failures) == (2, {})
    # The second turn finds the first one's prompt in memory.
    assert found.medians.n_cached_share is not None
    assert found.medians.n_cached_share > 0.2
    assert not any(child.is_running() for child in children)
