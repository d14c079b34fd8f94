"""Generation on other hosts, alone or as the second choice beside the local engine."""

from .breaker import Breaker
from .endpoint import EndpointOptions, RemoteEndpoint
from .errors import EndpointError, EndpointUnavailableError
from .failover import Failover
from .retry import RetryPolicy

__all__ = [
    "Breaker",
    "EndpointError",
    "EndpointOptions",
    "EndpointUnavailableError",
    "Failover",
    "RemoteEndpoint",
    "RetryPolicy",
]
