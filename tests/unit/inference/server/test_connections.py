"""Clients that stay, that leave, and places to listen."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from yarl import URL

from inference import Engine, ModelUnavailableError
from inference.backends.base import Chunk
from inference.backends.fake import FakeBackend, FakeEncoder
from inference.request import TokenId
from inference.server import ListenError, build_app, is_loopback, listening

Serving = Callable[..., AbstractAsyncContextManager[str]]

LIMIT_S = 20
CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "why is checkout slow"}]


def endless(cells: tuple[TokenId, ...]) -> TokenId:
    return TokenId(ord("x"))


class Gate:
    """Stops the engine thread inside its n-th decode until the test opens it."""

    def __init__(self, n: int = 1) -> None:
        self.n_left = n
        self.reached = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, chunks: Sequence[Chunk]) -> None:
        self.n_left -= 1
        if self.n_left == 0:
            self.reached.set()
            assert self.may_go_on.wait(LIMIT_S)


def engine_on(backend: FakeBackend, **options: Any) -> Engine:
    return Engine(load_generator=lambda: backend, load_encoder=FakeEncoder, **options)


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came to that")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_during_prefill_cancels_its_request(
    serving: Serving, stream: bool
) -> None:
    gate = Gate()
    backend = FakeBackend(on_decode=gate, reply=endless)
    engine = engine_on(backend)
    async with serving(engine) as url:
        _, connection = await asyncio.open_connection("127.0.0.1", URL(url).port)
        body = json.dumps({"messages": MESSAGES, "max_tokens": 400, "stream": stream})
        head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        connection.write(f"{head}Content-Type: application/json\r\n\r\n{body}".encode())
        assert await asyncio.to_thread(gate.reached.wait, LIMIT_S)
        connection.close()
        await connection.wait_closed()
        await eventually(lambda: engine.n_waiting == 0)
        gate.may_go_on.set()
        await eventually(lambda: backend.n_samplers == 0)
    assert backend.n_decoded < 100


async def test_a_client_that_leaves_in_the_middle_of_a_stream_cancels_its_request(
    serving: Serving,
) -> None:
    backend = FakeBackend(reply=endless, n_ctx=100_000)
    engine = engine_on(backend)
    async with serving(engine) as url:
        body = {"messages": MESSAGES, "max_tokens": 90_000, "stream": True}
        async with aiohttp.ClientSession() as session:
            answer = await session.post(url + CHAT, json=body)
            assert (await answer.content.readline()).startswith(b"data: ")
            answer.close()
        await eventually(lambda: engine.n_waiting == 0)
    assert backend.n_decoded < 90_000


async def test_a_live_request_is_cancelled_by_its_id_and_says_so(serving: Serving) -> None:
    gate = Gate(n=6)
    engine = engine_on(FakeBackend(on_decode=gate, reply=endless))
    async with serving(engine) as url, aiohttp.ClientSession() as session:
        body = {"messages": MESSAGES, "max_tokens": 400, "stream": True, "request_id": "a"}

        async def events() -> list[str]:
            async with session.post(url + CHAT, json=body) as answer:
                assert answer.headers["x-request-id"] == "a"
                lines = [line.decode().strip() async for line in answer.content]
            return [line.removeprefix("data: ") for line in lines if line]

        reading = asyncio.create_task(events())
        assert await asyncio.to_thread(gate.reached.wait, LIMIT_S)

        async def cancel() -> Any:
            call = session.post(url + "/opsbot/v1/cancel", json={"request_id": "a"})
            async with call as answer:
                return await answer.json()

        assert await cancel() == {"was_live": True}
        gate.may_go_on.set()
        received = await reading
        assert await cancel() == {"was_live": False}
    assert received[-1] == "[DONE]"
    last = json.loads(received[-2])
    assert last["choices"][0]["finish_reason"] == "cancelled"
    assert last["opsbot"]["ended"]["outcome"] == "cancelled"
    assert "error" not in last


async def test_requests_of_one_client_share_a_connection(serving: Serving) -> None:
    opened: list[object] = []

    async def count(*facts: object) -> None:
        opened.append(facts)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(count)
    async with serving() as url, aiohttp.ClientSession(trace_configs=[trace]) as session:
        for stream in (True, False, True):
            body = {"messages": MESSAGES, "max_tokens": 3, "stream": stream}
            async with session.post(url + CHAT, json=body) as answer:
                await answer.read()
    assert len(opened) == 1


async def test_a_request_in_progress_may_end_when_the_server_stops(serving: Serving) -> None:
    gate = Gate()
    engine = engine_on(FakeBackend(on_decode=gate))
    async with aiohttp.ClientSession() as session:
        async with serving(engine) as url:
            call = session.post(url + CHAT, json={"messages": MESSAGES, "max_tokens": 3})
            asking = asyncio.create_task(call)
            assert await asyncio.to_thread(gate.reached.wait, LIMIT_S)
            asyncio.get_running_loop().call_later(0.02, gate.may_go_on.set)
        answer = await asking
        assert (await answer.json())["choices"][0]["finish_reason"] == "length"


async def test_health_tells_both_models_and_needs_no_token(serving: Serving) -> None:
    engine = engine_on(FakeBackend())
    async with (
        serving(engine, token="t", step_seconds=lambda: 1.25) as url,
        aiohttp.ClientSession() as session,
    ):
        await engine.ready()
        await engine.encoder_ready()
        async with session.get(url + "/health") as answer:
            assert await answer.json() == {
                "state": "ready",
                "failure": "",
                "model": "fake",
                "n_waiting": 0,
                "encoder": {"name": "fake-encoder", "n_dimensions": 32},
                "encoder_failure": "",
                "step_s": 1.25,
            }


async def test_health_tells_loading_from_missing(serving: Serving) -> None:
    may_load = threading.Event()

    def load_late() -> FakeEncoder:
        may_load.wait(LIMIT_S)
        raise OSError("the encoder file is damaged")

    engine = Engine(load_generator=FakeBackend, load_encoder=load_late)
    async with serving(engine) as url, aiohttp.ClientSession() as session:

        async def failure() -> str:
            async with session.get(url + "/health") as answer:
                facts = await answer.json()
            assert facts["encoder"] is None
            return facts["encoder_failure"]

        loading = await failure()
        may_load.set()
        with suppress(ModelUnavailableError):
            await engine.encoder_ready()
        missing = await failure()
    assert loading == ""
    assert "damaged" in missing


async def test_metrics_are_prometheus_text_about_the_engine(serving: Serving) -> None:
    registry = CollectorRegistry()
    engine = engine_on(FakeBackend(), registry=registry)
    async with serving(engine, registry=registry) as url, aiohttp.ClientSession() as session:
        for _ in range(2):
            body = {"messages": MESSAGES, "max_tokens": 3}
            async with session.post(url + CHAT, json=body) as answer:
                assert answer.status == 200
        async with session.get(url + "/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            families = {
                each.name: each for each in text_string_to_metric_families(await answer.text())
            }
    requests = families["opsbot_inference_requests"].samples
    assert sum(each.value for each in requests if each.name.endswith("_total")) == 2


async def test_own_calls_warm_prefill_and_count(serving: Serving) -> None:
    engine = engine_on(FakeBackend())
    async with serving(engine) as url, aiohttp.ClientSession() as session:

        async def call(name: str, body: dict[str, Any]) -> Any:
            async with session.post(f"{url}/opsbot/v1/{name}", json=body) as answer:
                return await answer.json()

        assert await call("tokens", {"text": "<|im_end|> é"}) == {"n_tokens": 13}
        assert await call("warm", {"messages": [{"role": "system", "content": "s" * 40}]}) == {}
        assert await call("prefill", {"messages": MESSAGES}) == {}
        messages = [{"role": "system", "content": "s" * 40}, *MESSAGES]
        async with session.post(url + CHAT, json={"messages": messages}) as answer:
            started = (await answer.json())["opsbot"]["started"]
    assert started["n_cached"] > 40


async def test_warming_a_prompt_that_never_fits_is_the_callers_fault(serving: Serving) -> None:
    body = {"messages": [{"role": "system", "content": "s" * 600}]}
    async with (
        serving(engine_on(FakeBackend(n_ctx=512))) as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/opsbot/v1/warm", json=body) as answer,
    ):
        error = (await answer.json())["error"]
    assert (answer.status, error["code"]) == (400, "prompt_too_long")
    assert "at most 511 fit" in error["message"]


async def test_half_an_answer_whose_deadline_passed_is_an_error(serving: Serving) -> None:
    def take_a_while(chunks: object) -> None:
        time.sleep(0.02)

    body = {"messages": MESSAGES, "max_tokens": 400, "deadline_s": 0.1}
    engine = engine_on(FakeBackend(n_ctx=1024, on_decode=take_a_while))
    async with serving(engine) as url, aiohttp.ClientSession() as session:
        async with session.post(url + CHAT, json=body) as answer:
            assert answer.status == 504
            whole = await answer.json()
        async with session.post(url + CHAT, json=body | {"stream": True}) as answer:
            streamed = (await answer.text()).split("\n\n")
    assert whole["error"]["code"] == "deadline"
    assert whole["opsbot"]["started"]["n_prompt"] > 0
    assert json.loads(streamed[-3].removeprefix("data: "))["error"]["code"] == "deadline"


@asynccontextmanager
async def on_socket(path: Path) -> AsyncGenerator[str, None]:
    engine = engine_on(FakeBackend())
    async with listening(build_app(engine), socket_path=path) as address:
        yield address


async def test_a_unix_socket_is_its_owners_alone_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with on_socket(path) as address:
        assert address == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        connector = aiohttp.UnixConnector(str(path))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://engine/health") as answer,
        ):
            assert (await answer.json())["state"] == "loading"
    assert not path.exists()


async def test_a_dead_process_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    async with on_socket(path):
        with pytest.raises(ListenError, match="somebody listens there already"):
            async with on_socket(path):
                pytest.fail("two servers on one socket")
        assert path.exists()


async def test_a_file_is_never_replaced_by_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("keep me")
    with pytest.raises(ListenError, match="is no socket"):
        async with on_socket(path):
            pytest.fail("a file was replaced")
    assert path.read_text() == "keep me"


async def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="cannot listen on"):
        async with on_socket(tmp_path / ("x" * 200)):
            pytest.fail("no system has paths of that length for sockets")


async def test_a_port_that_is_taken_is_named() -> None:
    app = build_app(engine_on(FakeBackend()))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}"):
            async with listening(app, port=port):
                pytest.fail("two servers on one port")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),  # noqa: S104 - what must not count as loopback
        ("::", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_only_this_machine_counts_as_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
