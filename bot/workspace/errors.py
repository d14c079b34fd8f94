"""What can go wrong in the local workspace.

WorkspaceError
├── ApiError            a Web API call is refused, with Slack's error code
│   └── RateLimitedError  too many calls; carries the seconds to wait
├── DeliveryError       the bot did not take an envelope (not connected, or no ack in time)
├── PageError           the page asked for something that does not exist
├── PortError           the port cannot be listened on
└── SnapshotError       the state file cannot be read or written
"""

from __future__ import annotations


class WorkspaceError(Exception):
    """Base of this package's errors."""


class ApiError(WorkspaceError):
    """A Web API call is refused.

    Attributes:
        code: Slack's error code, for example "channel_not_found".
        messages: Details, sent as `response_metadata.messages`.
    """

    def __init__(self, code: str, *messages: str) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages


class RateLimitedError(ApiError):
    """Too many calls of one method; answered with HTTP 429.

    Attributes:
        retry_after_s: Whole seconds until the next call is accepted.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("ratelimited")
        self.retry_after_s = retry_after_s


class DeliveryError(WorkspaceError):
    """The bot did not take an envelope; the message is a sentence for the page."""


class PageError(WorkspaceError):
    """The page asked for something that does not exist; the message is a sentence for it."""


class PortError(WorkspaceError):
    """The port cannot be listened on; the message says what to do."""


class SnapshotError(WorkspaceError):
    """The state file cannot be read or written; the message says what to do."""
