"""Places that actions go to: an SSH server, an HTTP server and a PostgreSQL of the test's own."""

# asyncssh leaves some of its parameters without a type.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncssh
import pytest

from runbooks.targets import SshTarget


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


Children: TypeAlias = list[asyncio.subprocess.Process]
Tasks: TypeAlias = list[asyncio.Task[None]]


class ServerSession(asyncssh.SSHServerSession[bytes]):
    """Runs what a client asks for, as sshd would: by the user's shell, in a group of its own."""

    def __init__(self, children: Children, tasks: Tasks) -> None:
        self._children = children
        self._tasks = tasks
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._command = ""

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        self._tasks.append(asyncio.create_task(self._run()))

    def signal_received(self, signal: str) -> None:
        for child in self._children:
            if child.returncode is None:
                os.killpg(child.pid, {"KILL": 9, "TERM": 15}[signal])

    def eof_received(self) -> bool:
        return True

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._may_write.set()

    async def _run(self) -> None:
        child = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", self._command, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._children.append(child)
        if child.stdout is None:
            raise RuntimeError("no output")
        while chunk := await child.stdout.read(65536):
            await self._may_write.wait()
            if not self._channel.is_closing():
                self._channel.write(chunk)
        status = await child.wait()
        if self._channel.is_closing():
            return
        if status < 0:
            self._channel.exit_with_signal("KILL" if status == -9 else "TERM")
        else:
            self._channel.exit(status)


class Server(asyncssh.SSHServer):
    """Lets sessions run programs."""

    def __init__(self, children: Children, tasks: Tasks) -> None:
        self._children = children
        self._tasks = tasks

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return ServerSession(self._children, self._tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    """A server on loopback, and how to get in."""

    port: int
    host_key: str
    key_file: Path

    def target(self, **changes: object) -> SshTarget:
        words: dict[str, object] = {
            "host": "127.0.0.1",
            "user": "ops",
            "port": self.port,
            "host_keys": (self.host_key,),
            "key_file": self.key_file,
        }
        return SshTarget(**(words | changes))  # pyright: ignore[reportArgumentType]


@pytest.fixture
async def ssh_server(tmp_path: Path) -> AsyncIterator[SshServer]:
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    key_file = tmp_path / "id_ops"
    user_key.write_private_key(str(key_file))
    key_file.chmod(0o600)
    authorized = tmp_path / "authorized"
    authorized.write_bytes(user_key.export_public_key())
    children: Children = []
    tasks: Tasks = []
    server = await asyncssh.create_server(
        lambda: Server(children, tasks),
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=str(authorized),
        encoding=None,
    )
    public = host_key.export_public_key().decode().strip()
    yield SshServer(port=server.get_port(), host_key=public, key_file=key_file)
    server.close()
    await server.wait_closed()
    for child in children:
        if child.returncode is None:
            os.killpg(child.pid, 9)
    await asyncio.gather(*tasks)


class Caller(BaseHTTPRequestHandler):
    """Says, fails, hangs, floods or repeats what it was sent, by its path."""

    protocol_version = "HTTP/1.1"
    hanging: set[int]
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.command, self.path, headers, body))
        what = parts.path.strip("/")
        if what == "redirect":
            self.send_response(302)
            self.send_header("Location", "/say")
        else:
            self.send_response(500 if what == "fail" else 200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for line in parse_qs(parts.query).get("line", []):
            self._say(f"{line}\n".encode())
        if what == "mirror":
            self._say(repr(headers).encode())
        if what in {"hang", "flood"}:
            self._go_on(b"" if what == "hang" else b"x" * 99 + b"\n")

    def _say(self, words: bytes) -> None:
        self.wfile.write(words)
        self.wfile.flush()

    def _go_on(self, words: bytes) -> None:
        """Until the other side goes away."""
        me = threading.get_ident()
        self.hanging.add(me)
        self.connection.settimeout(0.02)
        until = time.monotonic() + 60
        try:
            while time.monotonic() < until:
                if words:
                    self.connection.sendall(words * 500)
                    continue
                if self._is_left():
                    return
        except OSError:
            return
        finally:
            self.hanging.discard(me)

    def _is_left(self) -> bool:
        try:
            return self.connection.recv(1) == b""
        except TimeoutError:
            return False

    do_GET = do_POST = do_DELETE = do_PUT = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServer:
    """A server on loopback.

    Attributes:
        hanging: Threads that still answer somebody.
        seen: Method, path, headers and body of every request.
    """

    url: str
    hanging: set[int]
    seen: list[tuple[str, str, dict[str, str], bytes]]


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    hanging: set[int] = set()
    seen: list[tuple[str, str, dict[str, str], bytes]] = []
    handler = type("Handler", (Caller,), {"hanging": hanging, "seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield WebServer(url=f"http://127.0.0.1:{server.server_port}", hanging=hanging, seen=seen)
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A cluster of these tests."""

    port: int

    def url(self, user: str = "opsbot", password: str = "") -> str:
        login = f"{user}:{password}" if password else user
        return f"postgresql+psycopg://{login}@127.0.0.1:{self.port}/postgres"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL in a folder of its own, run by an unprivileged user."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    search = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    initdb, server = shutil.which("initdb", path=search), shutil.which("postgres", path=search)
    if initdb is None or server is None:
        pytest.skip("PostgreSQL's initdb and postgres are not installed")
    account = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="opsbot-pg-"))
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    data, port = folder / "data", free_port()
    user = account.pw_uid if account is not None else None
    group = account.pw_gid if account is not None else None
    subprocess.run(
        [initdb, "-D", data, "-U", "opsbot", "-A", "trust", "--no-sync", "-E", "UTF8"],
        check=True, capture_output=True, cwd=folder, timeout=120, user=user, group=group,
    )  # fmt: skip
    process = subprocess.Popen(
        [server, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=user, group=group,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield Postgres(port=port)
    finally:
        process.send_signal(2)  # fast shutdown
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """Somebody else, for PostgreSQL does not start as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("PostgreSQL did not start")
