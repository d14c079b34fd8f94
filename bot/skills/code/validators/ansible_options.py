"""The options of Ansible's own modules, read from the documentation that ships with them."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import yaml

Option = dict[str, object]


@cache
def modules_folder() -> Path | None:
    """Where Ansible's own modules are; None where ansible-core is not installed."""
    spec = importlib.util.find_spec("ansible")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "modules"
    return folder if folder.is_dir() else None


@cache
def options_of(module: str) -> dict[str, Option]:
    """The options that a module declares, shared fragments included; none when unreadable.

    A module one of whose fragments cannot be found has none either: an incomplete list would call
    good arguments wrong.
    """
    folder = modules_folder()
    declared = _declared(folder / f"{module}.py", "DOCUMENTATION") if folder else None
    if folder is None or declared is None:
        return {}
    found: dict[str, Option] = {}
    for name in _fragments(declared):
        stem, _, part = name.partition(".")
        shared = folder.parent / "plugins" / "doc_fragments" / f"{stem}.py"
        fragment = _declared(shared, part.upper() or "DOCUMENTATION")
        if fragment is None:
            return {}
        found.update(_options(fragment))
    return found | _options(declared)


def _fragments(declared: Mapping[str, object]) -> list[str]:
    named = declared.get("extends_documentation_fragment")
    if isinstance(named, list):
        return [str(each) for each in cast("list[object]", named)]
    return [named] if isinstance(named, str) else []


def _options(declared: Mapping[str, object]) -> dict[str, Option]:
    return cast("dict[str, Option]", declared.get("options") or {})


def _declared(path: Path, name: str) -> Mapping[str, object] | None:
    """The YAML text assigned to a name anywhere in a Python file, which is not run."""
    if not path.is_file():
        return None
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if name in targets:
                loaded: object = yaml.safe_load(str(node.value.value))
                return cast("Mapping[str, object]", loaded) if isinstance(loaded, dict) else None
    return None
