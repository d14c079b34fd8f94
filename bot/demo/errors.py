"""What can go wrong with the demo.

DemoError
├── DemoNotRunningError      nobody listens where the port file says
├── ProcessDiedError         a process ended before it was ready
├── OrdersRefusedError       orders has no free slot
└── OrdersConnectionError    a session with orders ended
    └── SessionTerminatedError   ... because an administrator ended it
PoolExhaustedError (a DemoError) is checkout's own.
"""

from __future__ import annotations


class DemoError(Exception):
    """Root of the demo's errors; the message is one sentence for people."""


class DemoNotRunningError(DemoError):
    """No demo process answers."""


class ProcessDiedError(DemoError):
    """A demo process ended before it was ready.

    Attributes:
        process: Its name, for example "checkout".
    """

    def __init__(self, process: str, reason: str) -> None:
        super().__init__(f"the demo process {process} did not start: {reason}")
        self.process = process


class OrdersRefusedError(DemoError):
    """Orders refused a connection because every slot is taken."""


class OrdersConnectionError(DemoError):
    """The connection to orders is gone or never came up."""


class SessionTerminatedError(OrdersConnectionError):
    """An administrator ended the session."""


class PoolExhaustedError(DemoError):
    """No connection became free in time."""
