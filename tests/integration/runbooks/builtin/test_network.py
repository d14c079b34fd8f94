"""Runbooks that look over the network, against servers on the loopback."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from runbooks.binding import bind

from .certificates import write_certificate
from .conftest import Book, Ran, Reply, Stubs, needs


@contextlib.contextmanager
def serving(server: socketserver.TCPServer | socketserver.UDPServer) -> Generator[int]:
    """Serve in a thread; gives the port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(http.server.BaseHTTPRequestHandler):
    status = 503

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Healthy(_Quiet):
    status = 200


class _Names(socketserver.BaseRequestHandler):
    """Answers every question for shop.test with 10.1.2.3, and others with NXDOMAIN."""

    def handle(self) -> None:
        query, sock = self.request
        labels: list[str] = []
        place = 12
        while length := query[place]:
            labels.append(query[place + 1 : place + 1 + length].decode())
            place += length + 1
        question = query[12 : place + 5]
        known = ".".join(labels) == "shop.test" and query[place + 1 : place + 3] == b"\x00\x01"
        header = (
            query[:2] + struct.pack("!6H", 0x8580 + (0 if known else 3), 1, known, 0, 0, 0)[0:10]
        )
        record = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + bytes([10, 1, 2, 3])
        sock.sendto(header + question + (record if known else b""), self.client_address)


class _Patient(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A refused handshake is what is tested."""


@contextlib.contextmanager
def tls_server(certificate: Path, version: ssl.TLSVersion) -> Generator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    context.minimum_version = context.maximum_version = version
    server = _Patient(("127.0.0.1", 0), _Healthy)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        yield port


async def _looked(book: Book, ran: Ran, step_id: str) -> str:
    """What a look shows, also where an earlier one has ended the run."""
    return await book.look(ran.step(step_id).action)


@needs("openssl", "getent")
async def test_a_good_tls_server_is_seen_as_good(book: Book, tmp_path: Path) -> None:
    file = tmp_path / "site.pem"
    write_certificate(file, days=30)
    with tls_server(file, ssl.TLSVersion.TLSv1_3) as port:
        ran = await book.run("tls-handshake", host="localhost", port=port, ca_file=str(file))
        assert "CN = localhost" in await _looked(book, ran, "chain")
        assert "Verification: OK" in await _looked(book, ran, "trusted")
        assert "TLSv1.3" in await _looked(book, ran, "tls1-3")
        assert "alert protocol version" in await _looked(book, ran, "tls1-2")
    assert "127.0.0.1" in ran.outputs["address"] or "::1" in ran.outputs["address"]


@needs("openssl", "getent")
@pytest.mark.parametrize(
    ("days", "host", "said"),
    [(-1, "localhost", "certificate has expired"), (30, "other.test", "hostname mismatch")],
)
async def test_a_bad_certificate_is_named(
    book: Book, tmp_path: Path, days: int, host: str, said: str
) -> None:
    file = tmp_path / "site.pem"
    write_certificate(file, days=days, host=host)
    with tls_server(file, ssl.TLSVersion.TLSv1_2) as port:
        ran = await book.run("tls-handshake", host="localhost", port=port, ca_file=str(file))
        assert said in (await _looked(book, ran, "trusted")).lower()


@needs("dig", "getent")
async def test_a_name_is_asked_of_both_servers(book: Book, stubs: Stubs) -> None:
    dig = shutil.which("dig")
    assert dig is not None
    with serving(socketserver.UDPServer(("127.0.0.1", 0), _Names)) as port:
        stubs.add(
            "dig",
            Reply(line=".* @.*", starts=(dig, "-p", str(port))),
            Reply(line=".*", starts=(dig, "-p", str(port), "@127.0.0.1")),
        )
        stubs.add("getent", Reply(line="ahosts shop.test", output="10.1.2.3 STREAM shop.test\n"))
        ran = (await book.run("dns-resolution", name="shop.test", server="127.0.0.1")).succeeded()
        assert "10.1.2.3" in ran.outputs["own-server"]
        assert "10.1.2.3" in ran.outputs["other-server"]
        lost = await book.run("dns-resolution", name="lost.test", server="127.0.0.1")
        assert "NXDOMAIN" in await book.look(lost.step("other-server").action)


@needs("getent")
async def test_a_name_of_this_machine_resolves(book: Book) -> None:
    step = bind(book.catalog.get("dns-resolution"), {"name": "localhost"}, {})[1]
    output = await book.look(step.action)
    assert "127.0.0.1" in output or "::1" in output


@needs("curl", "free", "uptime", "df", "ps")
async def test_http_errors_are_seen_from_both_sides(book: Book, stubs: Stubs) -> None:
    stubs.add("systemctl", Reply(line="show orders --property .*", output="ActiveState=active\n"))
    stubs.add(
        "journalctl",
        Reply(
            line="--unit orders --since -15min --priority warning --lines 100 --no-pager",
            output="orders[812]: upstream timed out\n",
        ),
    )
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet)
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Healthy)
    with serving(proxy) as failing, serving(backend) as healthy:
        ran = await book.run(
            "http-5xx-triage",
            url=f"http://127.0.0.1:{failing}/cart?full=1",
            backend_url=f"http://127.0.0.1:{healthy}/cart",
            service="orders",
            minutes=15,
        )
    ran.succeeded()
    assert ran.outputs["client"].startswith("status 503, name ")
    assert ran.outputs["backend"].startswith("status 200, name ")
    assert ran.outputs["unit"] == "ActiveState=active"
    assert "upstream timed out" in ran.outputs["errors"]
    assert "Mem:" in ran.outputs["memory"]
    assert "load average" in ran.outputs["load"]


async def test_a_server_that_is_not_there_is_said(book: Book) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ran = await book.run("tls-handshake", host="127.0.0.1", port=port)
    assert "onnect" in await book.look(ran.step("trusted").action)
