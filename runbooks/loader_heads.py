"""What stands at the head of a runbook in every form: its name, its version, what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .yaml_tree import Fields, Node, Tree

NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
LISTS = ("services", "symptoms", "alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """See `Runbook` for what the fields mean."""

    name: str
    version: int
    services: tuple[str, ...]
    symptoms: tuple[str, ...]
    alerts: tuple[str, ...]
    synonyms: Mapping[str, tuple[str, ...]]


def read_head(tree: Tree, fields: Fields) -> Head | None:
    """Read the fields that are there; a version that is left out is 1."""
    name = _name(tree, fields.get("name"))
    version = _version(tree, fields["version"]) if "version" in fields else 1
    services, symptoms, alerts = (tree.read_texts(fields.get(key), key) for key in LISTS)
    synonyms = _synonyms(tree, fields.get("synonyms"))
    if name is None or version is None:
        return None
    return Head(
        name=name,
        version=version,
        services=services,
        symptoms=symptoms,
        alerts=alerts,
        synonyms=synonyms,
    )


def _synonyms(tree: Tree, node: Node | None) -> dict[str, tuple[str, ...]]:
    entries = tree.read_entries(node, "synonyms") if node is not None else None
    named = (entries or {}).items()
    return {word: tree.read_texts(said, f"synonyms of {word!r}") for word, (_, said) in named}


def _name(tree: Tree, node: Node | None) -> str | None:
    name = tree.read_text(node, "name")
    if name is not None and not re.fullmatch(NAME, name):
        tree.fault(node, f"name {name!r} must be lower-case words joined by '-'")
        return None
    return name


def _version(tree: Tree, node: Node) -> int | None:
    number = tree.read_number(node, "version")
    if number is None:
        return None
    if not number.is_integer() or number < 1:
        tree.fault(node, "version must be a whole number of at least 1")
        return None
    return int(number)
