"""The Hugging Face hub as the source, at a pinned revision."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from ..verify import sha256_file
from .base import Fetched

if TYPE_CHECKING:
    from ..catalog import Download, ModelEntry
    from ..progress import Meter

LABEL = "Hugging Face hub"
_PROBE_S = 4.0


class HubSource:
    """Downloads through `huggingface_hub`, which goes on where an earlier download stopped.

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
        """See that the hub answers at all; its own retries would take half a minute.

        Raises:
            SourceError: It does not, or the model is not there.
        """
        import httpx
        from huggingface_hub import constants

        if entry.hub is None:
            raise SourceError(LABEL, f"{entry.name} is not there")
        if constants.HF_HUB_OFFLINE:
            raise SourceError(LABEL, "switched off by HF_HUB_OFFLINE")
        try:
            httpx.head(self._endpoint or constants.ENDPOINT, timeout=_PROBE_S)
        except httpx.HTTPError as exc:
            raise SourceError(LABEL, f"cannot be reached ({_first_line(exc)})") from exc

    def fetch(self, entry: ModelEntry, download: Download, work: Path, meter: Meter) -> Fetched:
        """Download one file, then hash it.

        Raises:
            SourceError: The hub refuses or breaks off.
            OSError: The work folder cannot be written.
        """
        from huggingface_hub import (
            hf_hub_download,  # pyright: ignore[reportUnknownVariableType] - a bare dict in its types
        )

        if entry.hub is None:
            raise SourceError(LABEL, f"{entry.name} is not there")
        with _hub_faults():
            path = Path(
                hf_hub_download(
                    entry.hub.repo,
                    download.file,
                    revision=entry.hub.revision,
                    local_dir=work / "hub",
                    endpoint=self._endpoint,
                    tqdm_class=_bar_class(meter, f"download of {download.file}"),
                )
            )
        n_bytes = path.stat().st_size
        meter.add(n_bytes, f"check of {download.file}")
        return Fetched(path=path, n_bytes=n_bytes, sha256=sha256_file(path))


@contextmanager
def _hub_faults() -> Generator[None]:
    import httpx
    from huggingface_hub import errors, logging

    logging.set_verbosity_error()
    try:
        yield
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, httpx.HTTPError) as exc:
        raise SourceError(LABEL, _first_line(exc)) from exc


def _bar_class(meter: Meter, what: str) -> type[Any]:  # Any: tqdm has no types
    from tqdm import tqdm

    class Bar(tqdm[Any]):
        """Draws nothing, hands the count on."""

        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - tqdm's signature
            quiet = {**options, "disable": False, "file": io.StringIO()}
            super().__init__(*args, **quiet)  # pyright: ignore[reportUnknownMemberType]

        def update(self, n: float | None = 1) -> bool | None:
            shown = super().update(n)
            meter.show(int(self.n), what)
            return shown

    return Bar


def _first_line(exc: Exception) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]
