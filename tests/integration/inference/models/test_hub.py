"""The real hub client against a small hub on loopback."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from inference.models.catalog import ModelEntry
from inference.models.errors import SourceError
from inference.models.progress import Progress
from inference.models.pull import pull
from inference.models.sources import http_download
from inference.models.sources.hub import HubSource

COMMIT = "0" * 40


class Hub(ThreadingHTTPServer):
    """Serves one file of one repository; breaks off once when told to.

    Attributes:
        break_at: Number of body bytes after which the next answer ends, once.
        ranges: The Range headers that were asked for.
        etag: What the hub says the file's hash is.
    """

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.break_at: int | None = None
        self.ranges: list[str] = []
        self.etag = hashlib.sha256(content).hexdigest()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub  # pyright: ignore[reportIncompatibleVariableOverride] - the only server that uses it

    def do_HEAD(self) -> None:
        self._head(0)

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").split("-")[0] or 0) if asked else 0
        if not self._head(start):
            return
        body = self.server.content[start:]
        if self.server.break_at is not None:
            body, self.server.break_at = body[: self.server.break_at], None
            self.close_connection = True
        self.wfile.write(body)

    def _head(self, start: int) -> bool:
        content = self.server.content
        if not self.path.startswith(f"/someone/tiny/resolve/{COMMIT}/tiny.gguf"):
            found = self.path == "/"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", "0")
            if not found:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.end_headers()
            return False
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{self.server.etag}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        return True

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def hub(content: bytes) -> Iterator[Hub]:
    server = Hub(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Recorder:
    def __init__(self) -> None:
        self.states: list[Progress] = []

    def progress(self, progress: Progress) -> None:
        self.states.append(progress)

    def note(self, text: str) -> None:
        raise AssertionError(text)


def test_a_file_comes_from_its_pinned_revision_with_progress(
    hub: Hub, entry: ModelEntry, content: bytes, tmp_path: Path
) -> None:
    recorder = Recorder()
    pulled = pull(entry, tmp_path, sources=[HubSource(hub.url)], observer=recorder)
    assert pulled.path.read_bytes() == content
    assert pulled.source == "Hugging Face hub"
    assert any(state.what == "download of tiny.gguf" for state in recorder.states)
    assert recorder.states[-1].n_done_bytes == len(content)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "tiny.gguf",
        "verified.json",
    ]


def test_a_file_that_is_not_there_is_one_sentence(
    hub: Hub, entry: ModelEntry, tmp_path: Path
) -> None:
    other = dataclasses.replace(
        entry, downloads=(dataclasses.replace(entry.downloads[0], file="other.gguf"),)
    )
    with pytest.raises(SourceError, match="404"):
        pull(other, tmp_path, sources=[HubSource(hub.url)])


def test_a_hub_that_does_not_answer_is_given_up_at_once(
    hub: Hub, entry: ModelEntry, tmp_path: Path
) -> None:
    nowhere = hub.url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(SourceError, match="Hugging Face hub: cannot be reached"):
        pull(entry, tmp_path, sources=[HubSource(nowhere)])


def test_a_broken_connection_is_gone_on_with(
    hub: Hub,
    entry: ModelEntry,
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_download, "_CHUNK_BYTES", 4_000)
    hub.break_at = 20_000
    pulled = pull(entry, tmp_path, sources=[HubSource(hub.url)])
    assert pulled.path.read_bytes() == content
    assert hub.ranges == ["", "bytes=20000-"]


class Impatient(Recorder):
    """Presses Ctrl-C after some bytes."""

    def progress(self, progress: Progress) -> None:
        if progress.n_done_bytes >= 8_000:
            raise KeyboardInterrupt


def test_an_interrupted_download_goes_on_where_it_stopped(
    hub: Hub,
    entry: ModelEntry,
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_download, "_CHUNK_BYTES", 4_000)
    with pytest.raises(KeyboardInterrupt):
        pull(entry, tmp_path, sources=[HubSource(hub.url)], observer=Impatient())
    assert not (tmp_path / entry.file).exists()
    recorder = Recorder()
    pulled = pull(entry, tmp_path, sources=[HubSource(hub.url)], observer=recorder)
    assert pulled.path.read_bytes() == content
    assert hub.ranges[-1].startswith("bytes=8000-")
    assert recorder.states[0].n_done_bytes > 8_000


def test_bytes_other_than_announced_are_deleted(
    hub: Hub, entry: ModelEntry, tmp_path: Path
) -> None:
    """Also for a model without a hash in the catalogue."""
    hub.etag = "0" * 64
    unverified = dataclasses.replace(
        entry, downloads=(dataclasses.replace(entry.downloads[0], sha256=None),)
    )
    with pytest.raises(SourceError, match="arrived damaged and was deleted"):
        pull(unverified, tmp_path, sources=[HubSource(hub.url)])
    assert list(tmp_path.rglob("*.partial")) == []
