"""Targets of runbooks, from the settings; secrets are read from their files here."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from runbooks.targets import (
    AnsibleTarget,
    DockerTarget,
    HttpTarget,
    KubernetesTarget,
    SqlTarget,
    SshTarget,
    Target,
    Targets,
)

from .settings import RunbookSettings, SettingsError
from .target_settings import (
    AnsibleTargetSettings,
    DockerTargetSettings,
    HttpTargetSettings,
    KubernetesTargetSettings,
    SqlTargetSettings,
    SshTargetSettings,
    TargetSettings,
)


def build_targets(settings: RunbookSettings) -> Targets:
    """All targets of the settings.

    Raises:
        SettingsError: A file with a secret cannot be read, or a database URL is none.
    """
    return Targets(
        by_name={name: build_target(name, given) for name, given in settings.targets.items()}
    )


def build_target(name: str, given: TargetSettings) -> Target:
    """One target.

    Raises:
        SettingsError: As for `build_targets`.
    """
    environment = given.environment
    match given:
        case SshTargetSettings():
            return SshTarget(
                host=given.host,
                user=given.user,
                host_keys=given.host_keys,
                port=given.port,
                key_file=_absolute(given.key_file),
                environment=environment,
            )
        case KubernetesTargetSettings():
            return KubernetesTarget(
                context=given.context,
                kubeconfig=_absolute(given.kubeconfig),
                namespace=given.namespace,
                environment=environment,
            )
        case DockerTargetSettings():
            return DockerTarget(host=given.host, environment=environment)
        case AnsibleTargetSettings():
            inventory = given.inventory.expanduser().absolute()
            return AnsibleTarget(inventory=inventory, environment=environment)
        case HttpTargetSettings():
            return HttpTarget(
                base_url=given.base_url, headers=_headers(name, given), environment=environment
            )
        case SqlTargetSettings():
            return SqlTarget(url=_url(name, given), environment=environment)


def _headers(name: str, given: HttpTargetSettings) -> dict[str, str]:
    plain = {header: value.get_secret_value() for header, value in given.headers.items()}
    filed = {header: _secret(name, path) for header, path in given.header_files.items()}
    return {**plain, **filed}


def _url(name: str, given: SqlTargetSettings) -> str:
    try:
        url = make_url(given.url.get_secret_value())
    except ArgumentError as exc:
        raise SettingsError(f"runbooks.targets.{name}.url is not a database URL") from exc
    if given.password_file is not None:
        url = url.set(password=_secret(name, given.password_file))
    return url.render_as_string(hide_password=False)


def _secret(name: str, path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text"
        raise SettingsError(f"runbooks.targets.{name}: {path} cannot be read: {reason}") from exc


def _absolute(path: Path | None) -> Path | None:
    """The folder that opsbot is started in is no part of a target."""
    return path.expanduser().absolute() if path is not None else None
