"""Where actions go: the operator's named targets. Addresses and credentials live here, and only here.

A proposal binds a target's `facts`: who and where, without secrets. If they differ when it is to
run, it does not run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

from .actions.kinds import (
    Action,
    AnsibleAction,
    DockerAction,
    HttpAction,
    KubernetesAction,
    SqlAction,
    SshAction,
)
from .errors import ProposalError


@dataclass(frozen=True, slots=True, kw_only=True)
class SshTarget:
    """A machine that is reached over SSH.

    Attributes:
        host_keys: Its public keys, as in a known_hosts file without the name; others are refused.
        key_file: Private key; None: the user's SSH agent.
        environment: Name for the policy; empty: the installation's.
    """

    host: str
    user: str
    host_keys: tuple[str, ...]
    port: int = 22
    key_file: Path | None = None
    environment: str = ""

    @property
    def facts(self) -> str:
        """Who and where."""
        return f"ssh {self.user}@{self.host}:{self.port} with host keys {', '.join(self.host_keys)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesTarget:
    """A cluster, as kubectl knows it.

    Attributes:
        kubeconfig: None: kubectl's own default file.
        namespace: Used where a command names none; empty: the context's.
    """

    context: str
    kubeconfig: Path | None = None
    namespace: str = ""
    environment: str = ""

    @property
    def facts(self) -> str:
        """Which cluster, and where in it."""
        where = f", namespace {self.namespace}" if self.namespace else ""
        source = f" of {self.kubeconfig}" if self.kubeconfig is not None else ""
        return f"kubernetes context {self.context}{source}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerTarget:
    """A docker daemon.

    Attributes:
        host: For example "ssh://ops@web-1" or "unix:///run/docker.sock".
    """

    host: str
    environment: str = ""

    @property
    def facts(self) -> str:
        """Which daemon."""
        return f"docker {self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsibleTarget:
    """An inventory.

    Attributes:
        inventory: A file or folder that Ansible reads.
    """

    inventory: Path
    environment: str = ""

    @property
    def facts(self) -> str:
        """Which inventory."""
        return f"ansible inventory {self.inventory}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTarget:
    """A service that is asked over HTTP.

    Attributes:
        base_url: Goes before an action's path.
        headers: Credentials; sent with every request, shown nowhere.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    environment: str = ""

    @property
    def facts(self) -> str:
        """Which service."""
        return f"http {self.base_url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTarget:
    """A database.

    Attributes:
        url: SQLAlchemy URL, password included.
    """

    url: str = field(repr=False)
    environment: str = ""

    @property
    def facts(self) -> str:
        """Which database and as whom, without the password."""
        parts = urlsplit(self.url)
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        return f"sql {parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


Target: TypeAlias = (
    SshTarget | KubernetesTarget | DockerTarget | AnsibleTarget | HttpTarget | SqlTarget
)
_Kind = TypeVar("_Kind", bound=Target)
_WANTED: dict[type, type[Target]] = {
    SshAction: SshTarget,
    KubernetesAction: KubernetesTarget,
    DockerAction: DockerTarget,
    AnsibleAction: AnsibleTarget,
    HttpAction: HttpTarget,
    SqlAction: SqlTarget,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """All targets by name."""

    by_name: Mapping[str, Target] = field(default_factory=dict[str, Target])

    def named_by(self, actions: Iterator[Action]) -> dict[str, Target]:
        """The targets that actions name.

        Raises:
            ProposalError: A name is not in the settings, or is a target of another kind.
        """
        found: dict[str, Target] = {}
        for action in actions:
            name = target_name(action)
            if name:
                found[name] = self.get(name, _WANTED[type(action)])
        return found

    def get(self, name: str, kind: type[_Kind]) -> _Kind:
        """One target.

        Raises:
            ProposalError: There is none of that name and kind.
        """
        target = self.by_name.get(name)
        if target is None:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise ProposalError(
                f"there is no target {name!r}: set [runbooks.targets.{name}] (there are: {known})"
            )
        if not isinstance(target, kind):
            raise ProposalError(f"target {name!r} is {target.facts.split()[0]}: it cannot do this")
        return target


def target_name(action: Action) -> str:
    """The target that an action names; empty for this machine."""
    if isinstance(
        action, SshAction | KubernetesAction | DockerAction | AnsibleAction | HttpAction | SqlAction
    ):
        return action.target
    return ""
