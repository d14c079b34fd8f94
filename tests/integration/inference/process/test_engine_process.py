"""An engine in a real child process, on a model without weights that misbehaves when asked to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from prometheus_client import CollectorRegistry

from inference import (
    ChatMessage,
    Ended,
    Engine,
    EngineState,
    Fault,
    GenerateRequest,
    InferenceError,
    ModelUnavailableError,
    Outcome,
    Role,
    Started,
    TextDelta,
)
from inference.backends.fake import FakeBackend, FakeEncoder
from inference.process.engine_process import EngineProcess, attach
from inference.process.errors import AttachError
from inference.process.metrics import SupervisorMetrics
from inference.process.restart_policy import RestartPolicy
from inference.process.socket_folder import remove_socket
from inference.process.supervisor import ChildCommand, Supervisor
from inference.process.watchdog import Watchdog

DEADLINE_S = 60.0
BACK_WITHIN_S = 5.0
CHILD = Path(__file__).parent / "fake_child.py"
PROJECT = Path(__file__).parents[4]
PREFIX = (ChatMessage(Role.SYSTEM, "You help people on call. " * 8),)


def ask(request_id: str, text: str = "why?", n: int = 40) -> GenerateRequest:
    return GenerateRequest(
        request_id=request_id, messages=(*PREFIX, ChatMessage(Role.USER, text)), max_tokens=n
    )


@asynccontextmanager
async def supervised(
    *,
    watchdog: Watchdog | None = None,
    restarts: RestartPolicy | None = None,
    fails: bool = False,
    registry: CollectorRegistry | None = None,
) -> AsyncGenerator[tuple[EngineProcess, Supervisor]]:
    supervisor = Supervisor(
        ChildCommand(
            argv=(sys.executable, str(CHILD), "{socket}"),
            first_line=json.dumps({"fails": fails}).encode(),
            environment=dict(os.environ) | {"PYTHONPATH": str(PROJECT)},
        ),
        watchdog=watchdog or Watchdog(),
        restarts=restarts or RestartPolicy(base_s=0.01, longest_s=0.01),
        metrics=SupervisorMetrics(registry or CollectorRegistry()),
    )
    engine = EngineProcess(supervisor)
    async with asyncio.timeout(DEADLINE_S):
        await engine.start()
        try:
            yield engine, supervisor
        finally:
            await engine.stop()
            assert supervisor.socket is not None
            (supervisor.socket.parent / "troubled").unlink(missing_ok=True)
            remove_socket(supervisor.socket)


def pid_of(supervisor: Supervisor) -> int:
    assert supervisor.pid is not None
    return supervisor.pid


async def until_gone(pid: int, within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        await asyncio.sleep(0.02)
    return False


async def metrics_say(engine: EngineProcess, line: bytes) -> bool:
    """Whether the other process comes to count something."""
    for _ in range(500):
        if line in await engine.metrics():
            return True
        await asyncio.sleep(0.02)
    return False


async def test_it_answers_as_an_engine_in_this_process_does() -> None:
    local = Engine(
        load_generator=lambda: FakeBackend(n_ctx=4096, n_batch=512, n_seq_max=16),
        load_encoder=FakeEncoder,
    )
    await local.start()
    async with supervised() as (engine, _):
        await engine.ready()
        await engine.encoder_ready()
        events = [event async for event in engine.stream(ask("a"))]
        text, ended = await local.complete(ask("a"))
        assert [type(e) for e in (events[0], events[1], events[-1])] == [Started, TextDelta, Ended]
        assert "".join(e.text for e in events if isinstance(e, TextDelta)) == text
        last = events[-1]
        assert isinstance(last, Ended)
        assert (last.outcome, last.stats.n_output) == (ended.outcome, ended.stats.n_output)
        assert (engine.model_name, engine.n_waiting) == ("fake", 0)
        assert (engine.encoder_name, engine.n_dimensions) == ("fake-encoder", 32)
        texts = [f"text {n}" for n in range(300)]
        np.testing.assert_allclose(await engine.embed(texts), await local.embed(texts), rtol=1e-6)
        assert (await engine.embed([])).shape == (0, 32)
        assert await engine.count_tokens("hällo") == await local.count_tokens("hällo")
        await engine.prefill((*PREFIX, ChatMessage(Role.USER, "and")))
        assert b"opsbot_inference_requests_total" in await engine.metrics()
    await local.stop()


async def test_refusals_come_through_with_their_fault() -> None:
    async with supervised() as (engine, _):
        _, too_long = await engine.complete(ask("a", "word " * 4096))
        assert (too_long.outcome, too_long.fault) == (Outcome.REJECTED, Fault.PROMPT_TOO_LONG)
        assert too_long.reason.startswith("the prompt has ")
        assert too_long.stats.n_prompt > 4096
        bad = GenerateRequest(
            request_id="b", messages=ask("b").messages, max_tokens=4, grammar="nothing"
        )
        _, refused = await engine.complete(bad)
        assert refused.fault is Fault.INVALID_GRAMMAR
        with pytest.raises(InferenceError, match="tokens"):
            await engine.warm((ChatMessage(Role.SYSTEM, "word " * 4096),))


async def test_cancelling_and_closing_end_the_work_in_the_other_process() -> None:
    async with supervised() as (engine, _):
        await engine.ready()
        for how in ("cancel", "close"):
            events = engine.stream(ask("a", "SLOW", 2000))
            kinds = [type(await anext(events)) for _ in range(2)]
            assert kinds == [Started, TextDelta]
            if how == "cancel":
                assert engine.cancel("a")
                last = [event async for event in events][-1]
                assert isinstance(last, Ended)
                assert last.outcome is Outcome.CANCELLED
                assert not engine.cancel("a")
            await events.aclose()
            assert await metrics_say(engine, b"opsbot_inference_live_requests 0.0")


async def test_killed_under_load_it_is_back_soon_and_no_request_is_lost_silently() -> None:
    registry = CollectorRegistry()
    async with supervised(registry=registry) as (engine, supervisor):
        await engine.ready()
        # These have shown text when the process dies; the others wait for their prompts.
        shown = [engine.stream(ask(f"shown{n}", f"SLOW {n}", 400)) for n in range(3)]
        for events in shown:
            assert [type(await anext(events)) for _ in range(2)] == [Started, TextDelta]
        waiting = [asyncio.create_task(engine.complete(ask(f"w{n}", f"{n}", 5))) for n in range(6)]
        await asyncio.sleep(0)
        os.kill(pid_of(supervisor), signal.SIGKILL)
        killed_mono = time.monotonic()
        for events in shown:
            ended = [event async for event in events][-1]
            assert isinstance(ended, Ended)
            assert (ended.outcome, ended.fault) == (Outcome.FAILED, Fault.LOST)
            assert "in the middle of the answer" in ended.reason
        answers = await asyncio.gather(*waiting)
        assert time.monotonic() - killed_mono < BACK_WITHIN_S
        assert {ended.outcome for _, ended in answers} <= {Outcome.FINISHED, Outcome.LENGTH}
        assert engine.state is EngineState.READY
        died = registry.get_sample_value("opsbot_engine_process_ends_total", {"how": "died"})
        assert died == 1
        assert (registry.get_sample_value("opsbot_engine_restart_seconds") or 99) < BACK_WITHIN_S


async def test_a_restarted_process_is_warmed_again() -> None:
    async with supervised() as (engine, supervisor):
        await engine.warm(PREFIX)
        os.kill(pid_of(supervisor), signal.SIGKILL)
        await asyncio.sleep(0.2)
        await engine.ready()
        warmed = b'opsbot_inference_requests_total{outcome="finished",priority="background"} 1.0'
        assert await metrics_say(engine, warmed)
        _, ended = await engine.complete(ask("a", "something else"))
        assert ended.stats.n_cached > 100


@pytest.mark.parametrize(
    ("prompt", "watchdog", "reason"),
    [
        ("HANG ONCE", Watchdog(step_s=0.5), "one step took longer"),
        ("DEAF ONCE", Watchdog(silence_s=0.5), "no sign of life"),
    ],
)
async def test_a_process_that_hangs_is_killed_and_its_request_sent_once_more(
    prompt: str, watchdog: Watchdog, reason: str
) -> None:
    registry = CollectorRegistry()
    async with supervised(watchdog=watchdog, registry=registry) as (engine, supervisor):
        await engine.ready()
        pid = pid_of(supervisor)
        _, ended = await engine.complete(ask("a", prompt))
        assert ended.outcome in (Outcome.FINISHED, Outcome.LENGTH), reason
        assert await until_gone(pid)
        hung = registry.get_sample_value("opsbot_engine_process_ends_total", {"how": "hung"})
        assert hung == 1


async def test_a_request_that_kills_twice_is_given_up_and_the_engine_lives() -> None:
    async with supervised() as (engine, _):
        await engine.ready()
        _, ended = await engine.complete(ask("a", "ABORT"))
        assert (ended.outcome, ended.fault) == (Outcome.FAILED, Fault.LOST)
        assert "ended twice" in ended.reason
        _, after = await engine.complete(ask("b"))
        assert after.outcome in (Outcome.FINISHED, Outcome.LENGTH)


async def test_a_process_that_never_comes_up_is_given_up_with_its_last_words() -> None:
    restarts = RestartPolicy(base_s=0.01, longest_s=0.01, max_crashes=2)
    async with supervised(fails=True, restarts=restarts) as (engine, supervisor):
        with pytest.raises(ModelUnavailableError, match="the model file is damaged"):
            await engine.ready()
        with pytest.raises(ModelUnavailableError):
            await engine.encoder_ready()
        _, ended = await engine.complete(ask("a"))
        assert (ended.outcome, ended.fault) == (Outcome.REJECTED, Fault.UNAVAILABLE)
        assert engine.state is EngineState.FAILED
        assert supervisor.pid is None


async def test_stopping_ends_requests_the_process_and_the_socket() -> None:
    async with supervised() as (engine, supervisor):
        await engine.ready()
        pid, socket = pid_of(supervisor), supervisor.socket
        events = engine.stream(ask("a", "SLOW", 2000))
        await anext(events)
        await engine.stop()
        last = [event async for event in events][-1]
        assert isinstance(last, Ended)
        assert last.outcome is Outcome.CANCELLED
        assert await until_gone(pid)
        assert socket is not None
        assert not socket.parent.exists()
        _, ended = await engine.complete(ask("b"))
        assert ended.fault is Fault.UNAVAILABLE
        with pytest.raises(ModelUnavailableError):
            await engine.ready()


async def test_the_deadline_counts_the_time_until_the_process_is_up() -> None:
    async with supervised() as (engine, _):
        request = GenerateRequest(request_id="a", messages=PREFIX, max_tokens=4, deadline_s=0.05)
        _, ended = await engine.complete(request)
        assert (ended.outcome, ended.fault) == (Outcome.CANCELLED, Fault.DEADLINE)


PARENT = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {project!r})
from prometheus_client import CollectorRegistry
from inference.process.engine_process import EngineProcess
from inference.process.metrics import SupervisorMetrics
from inference.process.restart_policy import RestartPolicy
from inference.process.supervisor import ChildCommand, Supervisor
from inference.process.watchdog import Watchdog

async def main():
    supervisor = Supervisor(
        ChildCommand(argv=(sys.executable, {child!r}, "{{socket}}"), first_line=b"{{}}"),
        watchdog=Watchdog(),
        restarts=RestartPolicy(),
        metrics=SupervisorMetrics(CollectorRegistry()),
    )
    engine = EngineProcess(supervisor)
    await engine.start()
    await engine.ready()
    print("serves", supervisor.pid, supervisor.socket, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_process_ends_with_a_parent_that_is_killed() -> None:
    code = PARENT.format(project=str(PROJECT), child=str(CHILD))
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ) | {"PYTHONPATH": str(PROJECT)},
    )
    assert parent.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        lines = [await parent.stdout.readline()]
        while not lines[-1].startswith(b"serves"):  # log records come before
            assert lines[-1], lines
            lines.append(await parent.stdout.readline())
        _, number, socket = lines[-1].decode().split()
        pid = int(number)
        assert psutil.pid_exists(pid)
        parent.kill()
        await parent.wait()
        assert await until_gone(pid)
        remove_socket(Path(socket))


async def test_another_process_of_this_user_borrows_the_engine() -> None:
    async with supervised() as (engine, supervisor):
        await engine.ready()
        assert supervisor.socket is not None
        guest = await attach(supervisor.socket, model="fake")
        try:
            assert guest.state is EngineState.READY
            text, _ = await guest.complete(ask("a"))
            assert text == (await engine.complete(ask("b")))[0]
            os.kill(pid_of(supervisor), signal.SIGKILL)
            _, after = await guest.complete(ask("c", "later"))
            assert after.outcome in (Outcome.FINISHED, Outcome.LENGTH)
            await engine.stop()
            with pytest.raises(ModelUnavailableError):
                while True:
                    await guest.ready()
                    await asyncio.sleep(0.05)
        finally:
            await guest.stop()


async def test_an_engine_with_another_model_or_without_an_owner_is_not_borrowed(
    tmp_path: Path,
) -> None:
    async with supervised() as (engine, supervisor):
        await engine.ready()
        socket = supervisor.socket
        assert socket is not None
        with pytest.raises(AttachError, match="has the model 'fake', not 'other'"):
            await attach(socket, model="other")
        socket.parent.chmod(0o755)
        with pytest.raises(AttachError, match="0700"):
            await attach(socket, model="fake")
        socket.parent.chmod(0o700)
    with pytest.raises(AttachError, match="No such file"):
        await attach(tmp_path / "none.sock")
