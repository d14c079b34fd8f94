"""Runbooks for servers that are really started here, on the loopback and with files of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from runbooks.lifecycle import ProposalState

from .conftest import Book, Reply, Stubs, needs

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 32; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return {status} "answer"; }} }}
}}
"""
HAPROXY = """
global
  maxconn 20
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:{port}
  http-request return status {status} content-type text/plain string answer
"""
CHRONY = """
local stratum 10
bindcmdaddress 127.0.0.1
bindcmdaddress {folder}/chronyd.sock
cmdport {port}
port 0
pidfile {folder}/pid
driftfile {folder}/drift
"""
START_S = 10.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def running(argv: list[str], is_up: Callable[[], bool]) -> Generator[subprocess.Popen[bytes]]:
    """A server in its own process group, which is ended as a whole."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(argv, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        end = time.monotonic() + START_S
        while not is_up():
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{argv[0]} did not start")
            time.sleep(0.02)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(START_S)


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir(mode=0o700)
    return folder


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None
    return found


@needs("redis-server", "redis-cli")
async def test_redis_gets_a_higher_limit_and_can_have_the_former_one_back(
    book: Book, private: Path
) -> None:
    port = free_port()
    argv = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    argv += ["--dir", str(private), "--maxmemory", "100mb", "--daemonize", "no"]
    values = {"host": "127.0.0.1", "port": port, "limit_mb": 256, "former_limit_mb": 100}
    with running(argv, lambda: answers(port)):
        ran = (await book.run("redis-memory", **values)).succeeded()
        assert "used_memory_human" in ran.outputs["memory"]
        assert "evicted_keys:0" in ran.outputs["evictions"]
        assert "maxmemory-policy" in ran.outputs["limit"]
        assert ran.previews["raise"].split() == ["maxmemory", str(100 * 1024**2)]
        shown = await book.shows(ran, ran.step("raise").preview)
        assert shown.split() == ["maxmemory", str(256 * 1024**2)]
        assert await book.checks(ran, "raise")
        assert await book.checks(ran, "purge")
        await book.shows(ran, ran.step("raise").rollback)
        shown = await book.shows(ran, ran.step("raise").preview)
        assert shown.split() == ["maxmemory", str(100 * 1024**2)]


@needs("redis-cli")
async def test_a_redis_that_is_down_ends_the_run_at_the_first_look(book: Book) -> None:
    ran = await book.run("redis-memory", host="127.0.0.1", port=free_port(), limit_mb=256)
    assert ran.finished.state is ProposalState.FAILED
    assert set(ran.outputs) == {"memory"}
    assert "Connection refused" in ran.outputs["memory"]


@needs("nginx", "curl")
async def test_nginx_takes_a_new_configuration_and_none_that_is_faulty(
    book: Book, stubs: Stubs, private: Path
) -> None:
    port, config, nginx = free_port(), private / "nginx.conf", _program("nginx")
    config.write_text(NGINX.format(folder=private, port=port, status=503))
    own = (nginx, "-c", str(config), "-p", str(private))
    stubs.add("nginx", Reply(line="-t|-s reload", starts=own))
    url = f"http://127.0.0.1:{port}/"
    with running(list(own), lambda: answers(port)):
        config.write_text(NGINX.format(folder=private, port=port, status=200))
        ran = (await book.run("nginx-reload", url=url)).succeeded()
        assert "test is successful" in ran.previews["reload"]
        assert ran.verified == {"reload": True}
        assert await book.shows(ran, ran.step("reload").verify and ran.step("test").action)
        config.write_text("this is not a configuration;\n")
        ran = await book.run("nginx-reload", url=url)
        assert ran.finished.state is ProposalState.FAILED
        assert "unknown directive" in ran.outputs["test"]
        assert stubs.calls.count("nginx -s reload") == 1
        assert await book.checks(ran, "reload"), "the server goes on with what it had"
    assert not await book.checks(ran, "reload")


@needs("haproxy", "curl")
async def test_haproxy_takes_a_new_configuration_and_none_that_is_faulty(
    book: Book, stubs: Stubs, private: Path
) -> None:
    port, config = free_port(), private / "haproxy.cfg"
    config.write_text(HAPROXY.format(port=port, status=503))
    values = {"config": str(config), "url": f"http://127.0.0.1:{port}/"}
    argv = [_program("haproxy"), "-W", "-f", str(config), "-p", str(private / "pid")]
    with running(argv, lambda: answers(port)) as master:
        signals = (master.pid, int(signal.SIGUSR2))
        stubs.add("systemctl", Reply(line="reload haproxy", signals=signals))
        config.write_text(HAPROXY.format(port=port, status=200))
        ran = (await book.run("haproxy-reload", **values)).succeeded()
        assert ran.verified == {"reload": True}
        config.write_text("frontend f\n  nonsense\n")
        ran = await book.run("haproxy-reload", **values)
        assert ran.finished.state is ProposalState.FAILED
        assert "nonsense" in ran.outputs["test"]
        assert stubs.calls == ("systemctl reload haproxy",)
        assert await book.checks(ran, "reload"), "the server goes on with what it had"


@needs("chronyd", "chronyc")
@pytest.mark.skipif(os.geteuid() != 0, reason="chronyd must be started by root")
async def test_chrony_is_asked_and_told_to_step(book: Book, stubs: Stubs, private: Path) -> None:
    config, sock = private / "chrony.conf", private / "chronyd.sock"
    port = free_port()
    config.write_text(CHRONY.format(folder=private, port=port))
    argv = [_program("chronyd"), "-d", "-x", "-u", "root", "-f", str(config)]
    real = (_program("chronyc"), "-h", "127.0.0.1", "-p", str(port))
    # NOTE: this chronyd may not touch the clock, so it cannot step it.
    stubs.add(
        "chronyc",
        Reply(line="makestep", output="200 OK\n"),
        Reply(line=r"waitsync 5 0\.1 0 2", output="try: 1, refid: 7F7F0101, correction: 0.00\n"),
        Reply(line=".*", starts=real),
    )
    with running(argv, sock.exists):
        ran = (await book.run("ntp-drift")).succeeded()
        assert "System time" in ran.outputs["tracking"]
        assert "Reach" in ran.outputs["sources"]
        assert "Stratum" in ran.previews["step"]
        assert ran.outputs["step"] == "200 OK"
        words = ("waitsync", "1", "0.1", "0", "1")
        asked = await asyncio.create_subprocess_exec(*real, *words, stdout=subprocess.PIPE)
        output, _ = await asyncio.wait_for(asked.communicate(), 10)
        assert output.startswith(b"try: 1, refid:"), "the real one knows this command"


def test_the_interpreter_of_the_stand_ins_is_this_one(stubs: Stubs) -> None:
    stubs.add("tool", Reply(line="a b", output="said\n", status=3))
    tool = str(stubs.folder / "tool")
    known = subprocess.run([tool, "a", "b"], capture_output=True, text=True, check=False)
    unknown = subprocess.run([tool, "c"], capture_output=True, text=True, check=False)
    assert (known.stdout, known.returncode) == ("said\n", 3)
    assert (unknown.returncode, "nobody foresaw: c" in unknown.stderr) == (97, True)
    assert stubs.calls == ("tool a b", "tool c")
    assert (stubs.folder / "tool").read_text().startswith(f"#!{sys.executable}\n")
