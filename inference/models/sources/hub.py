"""The Hugging Face hub as the source, at a pinned revision.

`huggingface_hub` knows addresses, access tokens and what the hub says about a file. The transfer is
our own: the library's begins from nothing after an interruption.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SourceError
from .base import Fetched
from .http_download import HttpDownload

if TYPE_CHECKING:
    from ..catalog import Download, ModelEntry
    from ..progress import Meter

LABEL = "Hugging Face hub"
_ANSWER_S = 4.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _HubFile:
    """What the hub says about a file.

    Attributes:
        etag: Identity of the content; for large files its SHA-256.
    """

    url: str
    etag: str
    n_bytes: int


class HubSource:
    """Downloads files at their pinned revision.

    Args:
        endpoint: Base URL of a hub; None takes the one `huggingface_hub` is set up for.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint

    @property
    def label(self) -> str:
        """Its name for people."""
        return LABEL

    def check(self, entry: ModelEntry) -> None:
        """See that the hub answers within seconds and has the files.

        Raises:
            SourceError: It does not.
        """
        for download in entry.downloads:
            self._ask(entry, download)

    def fetch(self, entry: ModelEntry, download: Download, work: Path, meter: Meter) -> Fetched:
        """Download one file.

        Raises:
            SourceError: The hub refuses, breaks off, or sends other bytes than it announced.
            OSError: The work folder cannot be written.
        """
        from huggingface_hub.utils import (
            build_hf_headers,  # pyright: ignore[reportUnknownVariableType] - a bare dict in its types
        )

        file = self._ask(entry, download)
        partial = work / f"{download.file}.{re.sub('[^0-9A-Za-z]', '', file.etag)[:64]}.partial"
        transfer = HttpDownload(partial, meter, f"download of {download.file}")
        with _hub_faults():
            transfer.run(file.url, build_hf_headers(), file.n_bytes)
        if transfer.n_bytes != file.n_bytes or not _agrees(file.etag, transfer.sha256):
            partial.unlink()
            raise SourceError(LABEL, f"{download.file} arrived damaged and was deleted")
        return Fetched(path=partial, n_bytes=transfer.n_bytes, sha256=transfer.sha256)

    def _ask(self, entry: ModelEntry, download: Download) -> _HubFile:
        from huggingface_hub import (
            constants,
            get_hf_file_metadata,  # pyright: ignore[reportUnknownVariableType] - likewise
            hf_hub_url,
        )

        if entry.hub is None:
            raise SourceError(LABEL, f"{entry.name} is not there")
        if constants.HF_HUB_OFFLINE:
            raise SourceError(LABEL, "switched off by HF_HUB_OFFLINE")
        url = hf_hub_url(
            entry.hub.repo, download.file, revision=entry.hub.revision, endpoint=self._endpoint
        )
        with _hub_faults():
            answer = get_hf_file_metadata(url, timeout=_ANSWER_S, endpoint=self._endpoint)
        if answer.etag is None or answer.size is None:
            raise SourceError(LABEL, f"it does not say how large {download.file} is")
        return _HubFile(url=url, etag=answer.etag, n_bytes=answer.size)


def _agrees(etag: str, sha256: str) -> bool:
    return sha256 == etag if _SHA256.fullmatch(etag) else True


@contextmanager
def _hub_faults() -> Generator[None]:
    import httpx
    from huggingface_hub import errors

    try:
        yield
    except errors.HfHubHTTPError as exc:
        raise SourceError(LABEL, _first_line(exc)) from exc
    except (
        errors.HTTPError,  # pyright: ignore[reportPrivateImportUsage] - its own HTTP client's
        httpx.HTTPError,
    ) as exc:
        raise SourceError(LABEL, f"cannot be reached ({_first_line(exc)})") from exc


def _first_line(exc: Exception) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]
