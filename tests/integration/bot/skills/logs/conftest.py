"""A small HTTP server for each test that asks for one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


@dataclass(frozen=True)
class Call:
    """A request as a server sees it."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict[str, Any])


Answer = Callable[[Call], tuple[int, Any]]
Serve = Callable[[Answer], str]


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            parts = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, found = answer(Call(self.command, parts.path, params, headers, body))
            content = found.encode() if isinstance(found, str) else json.dumps(found).encode()
            if status == 0:  # the server dies in the middle of its answer
                self.send_response(200)
                self.send_header("Content-Length", str(len(content) + 10))
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server on loopback that answers as told, and gives its URL."""
    with ExitStack() as stack:

        def start(answer: Answer) -> str:
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start
