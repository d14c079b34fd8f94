"""The demo's incident with its real processes; every wait has a deadline."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.demo.errors import DemoError, ProcessDiedError
from bot.demo.supervisor import Incident

_DEADLINE_S = 20.0
_POLL_S = 0.05
_COMMANDS = """
import typer
from bot.demo.cli import break_checkout, orders
app = typer.Typer()
app.add_typer(orders, name="orders")
app.command("break")(break_checkout)
app()
"""


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        while not await holds():  # noqa: ASYNC110 - another process changes, no event tells
            await asyncio.sleep(_POLL_S)


async def _wait_for_status(client: httpx.AsyncClient, status: int) -> None:
    async def has_status() -> bool:
        return (await client.get("/health")).status_code == status

    await _until(has_status)


async def _wait_for_line(path: str, text: str) -> None:
    async def has_line() -> bool:
        return text in await asyncio.to_thread(Path(path).read_text, encoding="utf-8")

    await _until(has_line)


async def _opsbot(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _COMMANDS,
        *arguments,
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), _DEADLINE_S)
    return process.returncode or 0, output.decode(), errors.decode()


@asynccontextmanager
async def _incident(
    home: Path, healthy_s: float
) -> AsyncGenerator[tuple[Incident, httpx.AsyncClient]]:
    incident = Incident(home, healthy_s=healthy_s)
    await incident.start()
    try:
        async with httpx.AsyncClient(base_url=incident.checkout_url, trust_env=False) as client:
            yield incident, client
    finally:
        await incident.stop()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_checkout_really_fails_and_the_remedy_really_helps(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    async with _incident(tmp_path, 600.0) as (incident, client):
        await _wait_for_status(client, 200)
        code, output, _ = await _opsbot("break", *home)
        assert (code, "full export 1 started" in output) == (0, True)
        await _wait_for_status(client, 503)
        (checkout_log,) = incident.log_sources["checkout"]
        await _wait_for_line(checkout_log, "pool exhausted: 0 of 10 connections")

        code, output, _ = await _opsbot("orders", "sessions", *home, "--json")
        listing = json.loads(output)
        assert (code, listing["n_used"]) == (0, 20)

        code, output, _ = await _opsbot("orders", "terminate-idle", "--older-than", "0.5", *home)
        assert code == 0
        assert "terminated 20 sessions" in output
        await _wait_for_status(client, 200)
        (reports_log,) = incident.log_sources["reports"]
        await _wait_for_line(reports_log, "gave up")
        # Longer than a pooled connection lives, so every one of them has been replaced once.
        for _ in range(30):
            assert (await client.get("/health")).status_code == 200
            await asyncio.sleep(0.1)


async def test_the_failure_begins_by_itself_after_the_healthy_time(tmp_path: Path) -> None:
    async with _incident(tmp_path, 0.5) as (_, client):
        await _wait_for_status(client, 503)


async def test_metrics_count_answers_by_service_route_and_code(tmp_path: Path) -> None:
    async with _incident(tmp_path, 60.0) as (_, client):
        assert (await client.post("/checkout", params={"quantity": 0})).status_code == 400
        text = (await client.get("/metrics")).text
        assert 'http_requests_total{code="400",route="/checkout",service="checkout"}' in text


async def test_stopping_ends_every_child_and_keeps_the_log(tmp_path: Path) -> None:
    async with _incident(tmp_path, 60.0) as (incident, client):
        await client.get("/health")
        pids = incident.pids
        assert set(pids) == {"orders", "checkout", "reports", "traffic"}
    assert not any(_is_alive(pid) for pid in pids.values())
    log = tmp_path / "demo" / "logs" / "checkout.log"
    first_run = log.read_text(encoding="utf-8")
    async with _incident(tmp_path, 60.0):
        assert log.with_name("checkout.log.1").read_text(encoding="utf-8") == first_run
    code, _, errors = await _opsbot("orders", "sessions", "--home", str(tmp_path))
    assert code == 1
    assert "opsbot demo" in errors


async def test_a_process_that_dies_is_named(tmp_path: Path) -> None:
    async with _incident(tmp_path, 60.0) as (incident, _):
        os.kill(incident.pids["reports"], signal.SIGKILL)
        async with asyncio.timeout(_DEADLINE_S):
            assert "reports ended" in await incident.wait_for_death()


async def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with _incident(tmp_path, 60.0) as (_, client):
        with pytest.raises(DemoError, match="another demo is running"):
            await Incident(tmp_path).start()
        assert (await client.get("/health")).status_code == 200


async def test_a_process_that_cannot_start_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    blocked = tmp_path / "demo" / "logs" / "checkout.log"
    blocked.mkdir(parents=True)
    incident = Incident(tmp_path)
    with pytest.raises(ProcessDiedError, match="checkout did not start"):
        await incident.start()
    assert incident.pids == {}


async def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    supervise = (
        "import asyncio, json, sys\n"
        "from pathlib import Path\n"
        "from bot.demo.supervisor import Incident\n"
        "async def main():\n"
        "    incident = Incident(Path(sys.argv[1]))\n"
        "    await incident.start()\n"
        "    sys.stdout.write(json.dumps(dict(incident.pids)) + '\\n')\n"
        "    sys.stdout.flush()\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        supervise,
        str(tmp_path),
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(_DEADLINE_S):
        pids: dict[str, int] = json.loads(await process.stdout.readline())
        process.kill()
        await process.wait()

    async def all_ended() -> bool:
        return not any(_is_running(pid) for pid in pids.values())

    await _until(all_ended)


def _is_running(pid: int) -> bool:
    """Like `_is_alive`, but an orphan that nobody reaped yet counts as ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return _is_alive(pid)
    return status.rsplit(")", 1)[1].split()[0] != "Z"
