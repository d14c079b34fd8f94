"""Server-sent events, as far as completions use them."""

from __future__ import annotations

from ..request import Fault
from .errors import EndpointError

_MAX_EVENT_BYTES = 4 * 2**20


class SseParser:
    r"""Cuts a byte stream into the data of its events.

    Lines end at `\n` or `\r\n` only: JSON may contain U+2028 and its like as they are.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, received: bytes) -> list[str]:
        """Take bytes, and return the data of the events that they complete.

        Raises:
            EndpointError: An event is larger than 4 MiB, or is not UTF-8.
        """
        *lines, self._rest = (self._rest + received).split(b"\n")
        if len(self._rest) > _MAX_EVENT_BYTES:
            raise _broken("an event larger than 4 MiB")
        events = [self._line(line.removesuffix(b"\r")) for line in lines]
        return [event for event in events if event is not None]

    def _line(self, line: bytes) -> str | None:
        if line.startswith(b"data:"):
            self._data.append(line.removeprefix(b"data:").removeprefix(b" "))
            return None
        if line or not self._data:
            return None  # a comment, or a field that completions do not use
        data, self._data = b"\n".join(self._data), []
        try:
            return data.decode()
        except UnicodeDecodeError as exc:
            raise _broken("text that is not UTF-8") from exc


def _broken(what: str) -> EndpointError:
    return EndpointError(f"the endpoint sent {what}", Fault.INTERNAL)
