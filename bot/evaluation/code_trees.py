"""Answers that declare something, as trees of mappings, lists and texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

from bot.skills.code.languages import Language
from bot.skills.code.validators import ansible_tasks, dockerfile, nginx, systemd_unit, terraform
from bot.skills.code.validators.yaml_document import load_all

Tree = dict[str, Any]


def kubernetes_tree(code: str) -> Tree:
    """Objects by kind.

    Raises:
        ValueError: It is no YAML, or an object has no kind.
    """
    tree: Tree = {}
    for document in _documents(code):
        fields = cast("dict[str, Any]", document)
        items = fields.get("items", [fields]) if fields.get("kind") == "List" else [fields]
        for item in items:
            tree.setdefault(str(item.get("kind")), []).append(item)
    return tree


def ansible_tree(code: str) -> Tree:
    """Plays as they are under "plays", and tasks by their module's short name under "tasks"."""
    documents = _documents(code)
    plays = [cast("Tree", item) for each in documents for item in each if isinstance(item, dict)]
    tasks: Tree = {}
    handlers: Tree = {}
    for task in ansible_tasks.tasks([play["handlers"] for play in plays if "handlers" in play]):
        _add_task(handlers, task)
    for task in ansible_tasks.tasks(documents):
        _add_task(tasks, task)
    return {"plays": documents, "tasks": tasks, "handlers": handlers}


def _add_task(target: Tree, task: dict[Any, Any]) -> None:
    module = ansible_tasks.module_of(task)
    words = {str(key): value for key, value in task.items() if key != module}
    free = task.get(module) if isinstance(task.get(module), str) else ""
    merged = {**words, **ansible_tasks.arguments(task), "_free": free}
    target.setdefault(ansible_tasks.short_name(module), []).append(merged)


def systemd_tree(code: str) -> Tree:
    """Values by section and directive, of all units together."""
    tree: Tree = {}
    for text in systemd_unit.split_units(code).values():
        for entry in systemd_unit.entries(text):
            tree.setdefault(entry.section, {}).setdefault(entry.key, []).append(entry.value)
    return tree


def nginx_tree(code: str) -> Tree:
    """Directives by name; a block's arguments stand under "args"."""
    _, directives = nginx.read(code)
    tree = _nginx_block(directives)
    for block in tree.pop("http", []):
        for name, found in cast("Tree", block).items():
            tree.setdefault(name, []).extend(found)
    return tree


def _nginx_block(directives: list[nginx.Directive]) -> Tree:
    tree: Tree = {}
    for each in directives:
        words = " ".join(each["args"])
        value: Any = words
        if "block" in each:
            value = {"args": [words], **_nginx_block(each["block"])}
        tree.setdefault(each["directive"], []).append(value)
    return tree


def dockerfile_tree(code: str) -> Tree:
    """Values by instruction; "last" has those of the last stage."""
    tree: Tree = {}
    last: Tree = {}
    for each in dockerfile.instructions(code):
        last = {} if each.name == "FROM" else last
        for target in (tree, last):
            target.setdefault(each.name, []).append(each.value)
    order = [each.name for each in dockerfile.instructions(code)]
    return {**tree, "last": last, "order": [" ".join(order)]}


def _documents(code: str) -> list[Any]:
    documents, problem = load_all(code)
    if problem:
        raise ValueError(problem)
    return documents


def plain_tree(code: str) -> Tree:
    """YAML or JSON as it is, documents under "documents"."""
    return {"documents": _documents(code)}


TREES: Mapping[Language, Callable[[str], Tree]] = MappingProxyType(
    {
        Language.KUBERNETES: kubernetes_tree,
        Language.ANSIBLE: ansible_tree,
        Language.SYSTEMD: systemd_tree,
        Language.NGINX: nginx_tree,
        Language.DOCKERFILE: dockerfile_tree,
        Language.TERRAFORM: terraform.read,
        Language.YAML: plain_tree,
        Language.JSON: plain_tree,
    }
)


def at(tree: object, path: str) -> list[Any]:
    """All values at a path: keys with `/` between them, `*` for any; lists are walked through."""
    found = [tree]
    for key in path.split("/"):
        found = [value for each in found for value in _step(each, key)]
    return [value for each in found for value in _flat(each)]


def _step(value: object, key: str) -> list[Any]:
    if isinstance(value, list):
        return [found for each in cast("list[Any]", value) for found in _step(each, key)]
    if not isinstance(value, dict):
        return []
    fields = cast("dict[Any, Any]", value)
    if key == "*":
        return list(fields.values())
    if key == "**":
        deeper = [found for each in fields.values() for found in _step_deep(each)]
        return [fields, *deeper]
    return [fields[k] for k in fields if str(k) == key]


def _step_deep(value: object) -> list[Any]:
    if isinstance(value, list):
        return [found for each in cast("list[Any]", value) for found in _step_deep(each)]
    return _step(cast("object", value), "**") if isinstance(value, dict) else []


def _flat(value: object) -> list[Any]:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [found for each in items for found in _flat(each)]
    return [value]


def as_text(value: object) -> str:
    """A value as it is compared: true and yes alike, spaces single."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = re.sub(r"\s+", " ", str(value)).strip()
    return {"yes": "true", "no": "false", "True": "true", "False": "false"}.get(text, text)
