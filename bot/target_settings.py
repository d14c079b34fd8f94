"""The settings of runbooks' targets: one record for each kind, told apart by `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Port = Annotated[int, Field(ge=1, le=65535)]
TargetName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
_Word = Annotated[str, Field(pattern=r"^[^\s-][^\s]*$")]


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str = Field(default="", description="for the policy; default: the installation's")


class SshTargetSettings(_Target):
    """A machine reached over SSH."""

    kind: Literal["ssh"]
    host: _Word
    user: _Word
    port: Port = 22
    host_keys: Annotated[tuple[str, ...], Field(min_length=1)]
    key_file: Path | None = None


class KubernetesTargetSettings(_Target):
    """A cluster, as kubectl knows it."""

    kind: Literal["kubernetes"]
    context: _Word
    kubeconfig: Path | None = None
    namespace: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]*)?$")] = ""


class DockerTargetSettings(_Target):
    """A docker daemon."""

    kind: Literal["docker"]
    host: Annotated[str, Field(pattern=r"^(unix|tcp|ssh|npipe)://\S+$")]


class AnsibleTargetSettings(_Target):
    """An inventory."""

    kind: Literal["ansible"]
    inventory: Path


class HttpTargetSettings(_Target):
    """A service; the headers hold its credentials, as text or in files."""

    kind: Literal["http"]
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/@?#]+[^\s@?#]*$")]
    headers: Mapping[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
    header_files: Mapping[str, Path] = Field(default_factory=dict[str, Path])


class SqlTargetSettings(_Target):
    """A database; its password may be in a file."""

    kind: Literal["sql"]
    url: SecretStr
    password_file: Path | None = None


TargetSettings: TypeAlias = Annotated[
    SshTargetSettings
    | KubernetesTargetSettings
    | DockerTargetSettings
    | AnsibleTargetSettings
    | HttpTargetSettings
    | SqlTargetSettings,
    Field(discriminator="kind"),
]
