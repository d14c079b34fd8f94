"""Vectors on a Chroma server: one collection for an index and those patched from it.

Rows are only ever added to a collection until the index that needs them is the current one, and
rows that are gone are deleted after that. An index overlooks rows it does not use, so the one
before stays usable all the while.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
import structlog
from chromadb.api import ClientAPI
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError
from numpy.typing import NDArray

from .chroma_rows import add_rows, collection_setup, delete_rows, matches
from .errors import IndexCorruptError, VectorsError
from .vectors import VectorChange, VectorMatch

_WRITE_LIMIT_S = 600.0
_SEARCH_LIMIT_S = 3.0
_PAUSE_S = 15.0
_PREFIX = "opsbot"
_FAULTS = (ChromaError, httpx.HTTPError, ValueError, OSError)

_T = TypeVar("_T")


class ChromaServer:
    """Keeps vectors on a server.

    Args:
        url: Its address, http or https.
        token: Bearer token; empty: none is sent.
        owner: Tells the collections of one knowledge base from those of others on that server.
    """

    def __init__(self, url: str, token: str, owner: str) -> None:
        self._url = url
        self._token = token
        self._prefix = f"{_PREFIX}-{owner}-"

    def build(self, directory: Path, vectors: NDArray[np.float32], rows: Sequence[range]) -> str:
        """See `VectorHome.build`; a collection of its own."""
        name = f"{self._prefix}{uuid.uuid4().hex[:12]}"

        def write() -> None:
            collection = self._client().create_collection(
                name,
                embedding_function=None,
                configuration=collection_setup(sum(len(span) for span in rows)),
            )
            for span in rows:
                add_rows(collection, span, vectors)

        self._ask(write, _WRITE_LIMIT_S)
        return name

    def patch(self, directory: Path, base: Path, name: str, change: VectorChange) -> str:
        """See `VectorHome.patch`; the collection stays the same."""

        def write() -> None:
            collection = self._client().get_collection(name, embedding_function=None)
            add_rows(collection, change.fresh, change.vectors)

        self._ask(write, _WRITE_LIMIT_S)
        return name

    def open(self, directory: Path, name: str, n_chunks: int) -> _RemoteVectors:
        """See `VectorHome.open`; a server that is down is asked again later."""
        if not name.startswith(self._prefix):
            raise IndexCorruptError(directory, "its vectors are not on the Chroma server")
        remote = _RemoteVectors(self._url, lambda: self._collection(name))
        try:
            n_stored = self._ask(lambda: self._collection(name).count(), _SEARCH_LIMIT_S)
        except NotFoundError as exc:
            reason = "its vectors are gone from the Chroma server"
            raise IndexCorruptError(directory, reason) from exc
        except VectorsError as exc:
            structlog.get_logger().warning("chroma_server_down", reason=str(exc))
            return remote
        if n_stored < n_chunks:
            reason = f"{n_stored} of {n_chunks} vectors on the Chroma server"
            raise IndexCorruptError(directory, reason)
        return remote

    def settle(self, name: str, gone: Sequence[range]) -> None:
        """See `VectorHome.settle`; what cannot be deleted now is deleted after the next sync."""

        def clean() -> None:
            client = self._client()
            delete_rows(client.get_collection(name, embedding_function=None), gone)
            for other in client.list_collections():
                if other.name.startswith(self._prefix) and other.name != name:
                    client.delete_collection(other.name)

        with suppress(VectorsError, NotFoundError):
            self._ask(clean, _WRITE_LIMIT_S)

    def _collection(self, name: str) -> chromadb.Collection:
        return self._client().get_collection(name, embedding_function=None)

    def _client(self) -> ClientAPI:
        place = urlsplit(self._url)
        is_safe = place.scheme == "https"
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return chromadb.HttpClient(
            host=place.hostname or "",
            port=place.port or (443 if is_safe else 80),
            ssl=is_safe,
            headers=headers,
            settings=Settings(anonymized_telemetry=False),
        )

    def _ask(self, work: Callable[[], _T], limit_s: float) -> _T:
        return _within(limit_s, work, self._url)


class _RemoteVectors:
    """See `VectorSearch`; connects when it is first asked."""

    def __init__(self, url: str, connect: Callable[[], chromadb.Collection]) -> None:
        self._url = url
        self._connect = connect
        self._collection: chromadb.Collection | None = None
        self._down_until_mono = 0.0

    def search(self, vector: NDArray[np.float32], depth: int) -> list[VectorMatch]:
        if time.monotonic() < self._down_until_mono:
            raise VectorsError(f"the Chroma server at {self._url} did not answer a moment ago")
        try:
            return _within(_SEARCH_LIMIT_S, lambda: self._search(vector, depth), self._url)
        except (VectorsError, NotFoundError) as exc:
            self._down_until_mono = time.monotonic() + _PAUSE_S
            raise VectorsError(str(exc)) from exc

    def _search(self, vector: NDArray[np.float32], depth: int) -> list[VectorMatch]:
        collection = self._collection or self._connect()
        self._collection = collection
        return matches(collection, vector, depth)

    def close(self) -> None:
        self._collection = None


def _within(limit_s: float, work: Callable[[], _T], url: str) -> _T:
    """Do something with the server; Chroma's client itself waits for ever.

    Raises:
        VectorsError: The server is down, refuses, or takes longer than `limit_s`.
        NotFoundError: A collection does not exist.
    """
    outcome: Future[_T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as exc:  # noqa: BLE001 - raised again by whoever waits
            outcome.set_exception(exc)

    # A daemon, so that a server that hangs does not keep the program from ending.
    threading.Thread(target=run, name="chroma-server", daemon=True).start()
    try:
        return outcome.result(limit_s)
    except TimeoutError as exc:
        raise VectorsError(f"the Chroma server at {url} did not answer in {limit_s:.0f} s") from exc
    except NotFoundError:
        raise
    except _FAULTS as exc:
        raise VectorsError(f"the Chroma server at {url} cannot be used: {exc}") from exc
