"""docker and its relatives: formats that show no environment, images, inner commands."""

from __future__ import annotations

import re

from ..invocation import Invocation
from .finding import Finding, change, forbidden

_FIELD = re.compile(r"\{\{\s*(?:json\s+|println\s+)?(\.[A-Za-z0-9_.]*)\s*\}\}")
_SHOWN = re.compile(
    r"\.(State|Status|Name|ID|Id|Image|Created|RestartCount|Platform|Driver|Names|Ports|Size|Scope"
    r"|HostConfig\.(RestartPolicy|Memory|NanoCpus|NetworkMode|LogConfig|CpuShares|AutoRemove)"
    r"|NetworkSettings(\.(Networks|IPAddress|Ports|Gateway))?|Mounts|LogPath|Architecture|Os"
    r"|RepoTags|RepoDigests|Config\.(Image|Labels|Hostname|Healthcheck|ExposedPorts)"
    r"|IPAM|Containers|Mountpoint|Driver|Spec\.(Name|Mode)|UpdateStatus)(\.[A-Za-z0-9_.]+)?"
)
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")


def inspect(invocation: Invocation) -> Finding | None:
    """inspect shows environment variables unless its format is limited to other fields."""
    formats = invocation.values("-f", "--format")
    if not formats:
        return forbidden(f"{invocation.tool.title} without --format shows the environment")
    for text in formats:
        rest = _FIELD.sub("", text)
        fields = _FIELD.findall(text)
        if "{{" in rest or "}}" in rest or not fields:
            return forbidden("the format is more than a list of fields")
        if not all(_SHOWN.fullmatch(field) for field in fields):
            return forbidden("the format shows fields that may hold the environment")
    return None


def inner(invocation: Invocation) -> Finding | None:
    """exec: a command that is understood by itself."""
    if not invocation.command:
        return forbidden(f"{invocation.tool.title} needs a container and a command")
    return change(f"{invocation.tool.title} runs a command in a container")


def top(invocation: Invocation) -> Finding | None:
    """Its further words go to ps, which can show the environment."""
    if len(invocation.operands) == 1 or invocation.operands[1:] in {("aux",), ("-ef",), ("-aux",)}:
        return None
    return forbidden("docker top must name one container, and no options of ps but aux or -ef")


def compose(invocation: Invocation) -> Finding | None:
    """Compose files from this machine."""
    files = invocation.values("-f", "--file", "--env-file", "-c", "--compose-file")
    if any(name == "-" or ":" in name for name in files):
        return forbidden("docker compose takes its file from elsewhere")
    return None


def run(invocation: Invocation) -> Finding | None:
    """run: one image and what the image itself starts."""
    if len(invocation.operands) != 1 or not _IMAGE.fullmatch(invocation.operands[0]):
        return forbidden(f"{invocation.tool.title} must name one image and no command")
    if any(
        network.startswith(("host", "container"))
        for network in invocation.values("--network", "--net")
    ):
        return forbidden("the container would share the host's network")
    return None
