from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner, Result

from bot.cli.bench import app

SMALL = ("--threads", "2", "--turns", "2", "--system-words", "8", "--user-words", "9")
Serve = Callable[..., str]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def sentence(result: Result) -> str:
    return " ".join(result.stderr.split())


async def models(request: web.Request) -> web.Response:
    return web.json_response({"data": [{"id": "tiny"}]})


async def answer(request: web.Request) -> web.StreamResponse:
    n = len((await request.json())["messages"])
    response = web.StreamResponse()
    await response.prepare(request)
    chunks: list[dict[str, object]] = [
        {"choices": [{"delta": {"content": "pool "}}]},
        {"choices": [{"delta": {"content": "full"}, "finish_reason": "length"}]},
        {"choices": [], "usage": {"prompt_tokens": 10 * n, "completion_tokens": 2}},
    ]
    for chunk in chunks:
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


@pytest.fixture
def serve(loop_thread: asyncio.AbstractEventLoop, settings_home: None) -> Iterator[Serve]:
    """Starts tiny servers in another thread; each fails its request of a given number."""
    servers: list[TestServer] = []

    def in_loop(work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, loop_thread).result(20)  # type: ignore[arg-type]

    def start(*, fails_at: int = 0) -> str:
        n_asked = 0

        async def chat(request: web.Request) -> web.StreamResponse:
            nonlocal n_asked
            n_asked += 1
            if n_asked == fails_at:
                return web.json_response({"error": {"message": "out of luck"}}, status=500)
            return await answer(request)

        web_app = web.Application()
        web_app.router.add_post("/v1/chat/completions", chat)
        web_app.router.add_get("/v1/models", models)
        server = TestServer(web_app)
        in_loop(server.start_server())
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        in_loop(server.close())


@pytest.fixture
def settings_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path / "home"))


def test_a_load_on_two_servers_prints_ratios_and_writes_its_document(
    serve: Serve, tmp_path: Path
) -> None:
    out = tmp_path / "load.json"
    ours, theirs = serve(), serve()
    result = run("load", "--url", ours, "--against", f"{theirs}/v1", *SMALL, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "ratio" in result.stdout
    assert "turn 2 TTFT p50" in result.stdout
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["benchmark"] == "load"
    assert document["settings"]["concurrency"] == [1, 4]
    assert document["settings"]["load"]["n_threads"] == 2
    found = document["result"]
    assert [(s["name"], s["concurrency"]) for s in found["sides"]] == [
        ("opsbot", 1),
        ("other", 1),
        ("opsbot", 4),
        ("other", 4),
    ]
    assert len(found["comparisons"]) == 2
    assert found["comparisons"][0]["ratios"]["ttft_p50_s"] > 0
    assert document["machine"]["steal_share"] >= 0
    assert document["library"]


def test_unanswered_requests_are_shown_and_the_command_fails(serve: Serve) -> None:
    result = run("load", "--url", serve(fails_at=3), *SMALL, "--concurrency", "1", "--json")
    assert result.exit_code == 1
    (side,) = json.loads(result.stdout)["result"]["sides"]
    assert (side["n_requests"], side["n_failed"]) == (8, 1)
    assert list(side["failures"]) == ["the server answered 500: out of luck"]
    assert "1 requests were not answered" in sentence(result)


def test_a_burst_reports_who_waited(serve: Serve) -> None:
    result = run("burst", "--url", serve(), "--n", "6", "--system-words", "8", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["result"]
    assert (found["n_requests"], found["n_answered"]) == (6, 6)
    assert len(found["ttft_s"]) == 6


@pytest.mark.parametrize("concurrency", ["0", "one", "", "1,,2"])
def test_wrong_counts_are_wrong_use(settings_home: None, concurrency: str) -> None:
    result = run("load", "--url", "http://127.0.0.1:9", "--concurrency", concurrency)
    assert result.exit_code == 2
    assert "write counts from 1 on, as in 1,4" in sentence(result)


def test_a_server_that_is_not_there_is_one_sentence(settings_home: None) -> None:
    wrong = run("load", "--url", "localhost")
    assert wrong.exit_code == 2
    assert "write http://host:port" in sentence(wrong)
    gone = run("load", "--url", "http://127.0.0.1:9")
    assert gone.exit_code == 1
    assert "is no OpenAI-compatible server" in sentence(gone)


@pytest.mark.parametrize("command", ["raw", "busy", "restart", "load", "burst"])
def test_a_model_that_was_not_pulled_is_one_sentence(settings_home: None, command: str) -> None:
    result = run(command)
    assert result.exit_code == 1
    assert "opsbot models pull" in sentence(result)
