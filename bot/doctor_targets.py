"""Cheap looks at runbooks' targets and at what their actions need: files, programs, open ports."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from runbooks.actions.sandbox import find_sandbox
from runbooks.actions.ssh import connect_options
from runbooks.errors import ProposalError
from runbooks.targets import (
    AnsibleTarget,
    DockerTarget,
    HttpTarget,
    KubernetesTarget,
    SqlTarget,
    SshTarget,
    Target,
)

from .settings import RunbookSettings, SettingsError
from .targets import build_target

CONNECT_S = 1.0
_PORTS = {"https": 443, "http": 80, "postgresql": 5432, "mysql": 3306, "mariadb": 3306}


def sandbox_fault() -> str:
    """Why read-only programs are not shut in; empty when they are."""
    return find_sandbox().fault


def target_facts(settings: RunbookSettings) -> Iterator[tuple[str, str, str]]:
    """Every target as its name, its facts, and what is wrong with it (empty: nothing was found)."""
    for name, given in settings.targets.items():
        try:
            target = build_target(name, given)
        except SettingsError as exc:
            yield name, given.kind, str(exc)
            continue
        yield name, target.facts, target_fault(target)


def target_fault(target: Target) -> str:
    """What would keep actions from working on a target; nothing is changed there, or signed in."""
    match target:
        case SshTarget():
            return _ssh(target)
        case KubernetesTarget():
            return _program("kubectl") or _file(target.kubeconfig)
        case DockerTarget():
            return _program("docker") or _daemon(target.host)
        case AnsibleTarget():
            return _program("ansible") or _file(target.inventory)
        case HttpTarget():
            return _address(target.base_url)
        case SqlTarget():
            return _database(target.url)


def _ssh(target: SshTarget) -> str:
    try:
        connect_options(target)
    except ProposalError as exc:
        return str(exc)
    return _file(target.key_file) or _port(target.host, target.port)


def _program(name: str) -> str:
    return "" if shutil.which(name) else f"{name} is not installed on this machine"


def _file(path: Path | None) -> str:
    if path is None:
        return ""
    if not path.exists():
        return f"{path} does not exist"
    return "" if os.access(path, os.R_OK) else f"{path} cannot be read"


def _daemon(host: str) -> str:
    if not host.startswith("unix://"):
        return _address(host) if host.startswith("tcp://") else ""
    path = Path(host.removeprefix("unix://"))
    return "" if path.is_socket() else f"there is no socket {path}"


def _address(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return f"{parts.netloc} has no valid port"
    return _port(parts.hostname or "", port) if port else ""


def _database(text: str) -> str:
    url = make_url(text)
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _file(Path(url.database)) if url.database else "its url names no file"
    if backend not in _PORTS:
        return f"statements cannot be held read-only on {backend}"
    return _port(url.host, url.port or _PORTS[backend]) if url.host else ""


def _port(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as exc:
        reason = "no answer" if isinstance(exc, TimeoutError) else exc.strerror or str(exc)
        return f"{host}:{port} cannot be reached: {reason}"
    return ""
