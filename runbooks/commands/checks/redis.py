"""redis-cli: settings that hold secrets or turn the server into a file writer."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from ..invocation import Invocation
from .finding import Finding, forbidden

_SECRET_SETTINGS = (
    "requirepass",
    "masterauth",
    "masteruser",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
    "aclfile",
)
# Brackets and backslashes mean something else to Redis than to us.
_PLAIN_PATTERN = re.compile(r"[A-Za-z0-9_*?-]+")
_SAFE_SETTINGS = re.compile(
    r"maxmemory(-[a-z]+)*|timeout|tcp-keepalive|maxclients|hz|loglevel|slowlog-[a-z-]+|save"
    r"|latency-monitor-threshold|appendonly|appendfsync|lazyfree-[a-z-]+|activedefrag|active-[a-z-]+"
    r"|client-output-buffer-limit|notify-keyspace-events|min-replicas-[a-z-]+|repl-backlog-[a-z]+"
    r"|repl-timeout|stop-writes-on-bgsave-error|auto-aof-rewrite-[a-z-]+|cluster-[a-z-]+|maxmemory"
    r"|proto-max-bulk-len|dynamic-hz|jemalloc-bg-thread|replica-priority|slave-priority"
)


def config_get(invocation: Invocation) -> Finding | None:
    """A pattern must not match a password."""
    for pattern in invocation.operands:
        if not _PLAIN_PATTERN.fullmatch(pattern):
            return forbidden("redis-cli config get of a pattern that is not plain")
        if any(fnmatchcase(name, pattern.lower()) for name in _SECRET_SETTINGS):
            return forbidden("redis-cli config get shows a password")
    return None


def config_set(invocation: Invocation) -> Finding | None:
    """Only settings that write no file and guard no door."""
    if any(not _SAFE_SETTINGS.fullmatch(name.lower()) for name in invocation.operands[::2]):
        return forbidden("redis-cli config set of a setting that is not known to be harmless")
    return None


def replica(invocation: Invocation) -> Finding | None:
    """A server may be promoted, never made to follow another."""
    if [word.lower() for word in invocation.operands] != ["no", "one"]:
        return forbidden("redis-cli replicaof loads another server's data and code")
    return None


def words(invocation: Invocation) -> Finding | None:
    """Without a command redis-cli is interactive."""
    if len(invocation.tool.path) > 1:
        return None
    scanning = ("--scan", "--bigkeys", "--memkeys", "--hotkeys", "--stat", "--latency")
    if not invocation.has(*scanning, "--latency-history"):
        return forbidden("redis-cli without a command is interactive")
    return None
