"""How a source is written in the settings and on the command line. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from .docker import Docker
from .elastic import Elastic
from .errors import WrongSourceError
from .journal import Journal
from .kubectl import Kubectl
from .loki import Loki

Spec: TypeAlias = str | Journal | Docker | Kubectl | Loki | Elastic
"""A file glob, or what is asked of a program or a server."""

_KIND = re.compile(r"^(journal|docker|kubectl|loki|elastic|opensearch):(.*)$", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9][\w.@:\\-]*")
_TARGET = re.compile(r"[A-Za-z0-9][\w./=!, ()-]*")
_INDEX = re.compile(r"[a-z0-9.*<][^\s/?#\"\\|]*")


def spec_of(text: str) -> Spec:
    """Read a source as people write it.

    `journal:nginx.service`, `docker:checkout-1`, `kubectl:NAMESPACE/deployment/checkout` or
    `kubectl:NAMESPACE/app=checkout`, `loki:{app="checkout"}`,
    `elastic:logs-*?service.name:checkout`; anything else is a file glob.

    Raises:
        WrongSourceError: What follows the colon means nothing.
    """
    match = _KIND.match(text)
    return _READERS[match.group(1)](match.group(2).strip(), text) if match else text


def is_file(text: str) -> bool:
    """Whether a source is written as a file glob."""
    return _KIND.match(text) is None


def _journal(rest: str, text: str) -> Spec:
    return Journal(unit=_checked(_NAME, rest, text, "a unit") if rest else "")


def _docker(rest: str, text: str) -> Spec:
    return Docker(container=_checked(_NAME, rest, text, "a container"))


def _kubectl(rest: str, text: str) -> Spec:
    namespace, slash, target = rest.partition("/")
    if not slash:
        raise WrongSourceError(f"{text}: expected kubectl:NAMESPACE/TARGET")
    if namespace:
        _checked(_NAME, namespace, text, "a namespace")
    return Kubectl(target=_checked(_TARGET, target, text, "a target"), namespace=namespace)


def _loki(rest: str, text: str) -> Spec:
    if not rest.startswith("{"):
        raise WrongSourceError(f'{text}: expected a selector, for example loki:{{app="checkout"}}')
    return Loki(selector=rest)


def _elastic(rest: str, text: str) -> Spec:
    index, _, selector = rest.partition("?")
    return Elastic(index=_checked(_INDEX, index, text, "an index"), selector=selector.strip())


def _checked(pattern: re.Pattern[str], value: str, text: str, what: str) -> str:
    if pattern.fullmatch(value) is None:
        raise WrongSourceError(f"{text}: {value!r} is not the name of {what}")
    return value


_READERS: dict[str, Callable[[str, str], Spec]] = {
    "journal": _journal,
    "docker": _docker,
    "kubectl": _kubectl,
    "loki": _loki,
    "elastic": _elastic,
    "opensearch": _elastic,
}
