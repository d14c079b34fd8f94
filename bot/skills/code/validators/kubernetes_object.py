"""Kubernetes objects, held against the types of the Kubernetes client: fields, types, what is due.

The client's models carry the API's own description and need no cluster.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from ..verdict import Verdict
from .kubernetes_kinds import API_VERSIONS

_TOOL = "the Kubernetes types"
_LISTED = re.compile(r"[Ll]ist\[(.+)\]")
_MAPPED = re.compile(r"[Dd]ict[(\[]str, ?(.+)[)\]]")
_PLAIN = {"str": str, "int": int, "float": (int, float), "bool": bool}
# A quantity is written as a string or as a number; the models know the string alone.
_OF_QUANTITIES = frozenset({"limits", "requests", "hard", "capacity", "default", "defaultRequest"})
_MAX_PROBLEMS = 3

Fields = dict[object, object]


async def check(documents: Sequence[object]) -> Verdict:
    """Check loaded documents; each must be an object with apiVersion, kind and a name."""
    problems = await asyncio.to_thread(_problems, documents)
    if problems:
        return Verdict(tool=_TOOL, problem="; ".join(problems[:_MAX_PROBLEMS]))
    objects = [cast("dict[str, object]", document) for document in documents]
    own = [str(each["kind"]) for each in objects if _model_name(each) is None]
    kinds = ", ".join(str(each["kind"]) for each in objects)
    custom = (f"the fields of {', '.join(own)}: no type is known here",) if own else ()
    return Verdict(
        tool=_TOOL,
        checked=(f"fields and their types are Kubernetes {_version()}'s ({kinds})",)
        if len(own) < len(objects)
        else (f"apiVersion, kind and name present ({kinds})",),
        unchecked=(*custom, "whether the cluster has these images, names and versions"),
    )


def _problems(documents: Sequence[object]) -> list[str]:
    found: list[str] = []
    for document in documents:
        head = _head_problem(document)
        if head:
            found.append(head)
            continue
        fields = cast("dict[str, object]", document)
        model = _model_name(fields)
        if model is not None:
            found.extend(_walk(document, model, ""))
            found.extend(_selector_problems(fields))
    return found


def _head_problem(document: object) -> str:
    if not isinstance(document, dict):
        return "a Kubernetes object must be a mapping"
    fields = cast("Fields", document)
    missing = [name for name in ("apiVersion", "kind") if not isinstance(fields.get(name), str)]
    metadata = fields.get("metadata")
    names = cast("Fields", metadata) if isinstance(metadata, dict) else {}
    if not (names.get("name") or names.get("generateName") or fields.get("kind") == "List"):
        missing.append("metadata.name")
    if missing:
        return f"missing {', '.join(missing)}"
    kind, version = str(fields["kind"]), str(fields["apiVersion"])
    known = API_VERSIONS.get(kind)
    if known and version not in known:
        return f"{kind} has the apiVersion {' or '.join(known)}, not {version}"
    return ""


def _model_name(fields: dict[str, object]) -> str | None:
    kind, version = str(fields["kind"]), str(fields["apiVersion"])
    if version not in API_VERSIONS.get(kind, ()):
        return None
    number = version.rpartition("/")[2]
    return f"{number[0].upper()}{number[1:]}{kind}"


def _walk(value: object, type_name: str, path: str) -> list[str]:
    """What is wrong with a value of a declared type, deepest first."""
    if value is None or type_name in {"object", "datetime", "date", "file"}:
        return []
    if match := _LISTED.fullmatch(type_name):
        if not isinstance(value, list):
            return [f"{path} must be a list"]
        items = enumerate(cast("list[object]", value))
        return [p for i, item in items for p in _walk(item, match.group(1), f"{path}[{i}]")]
    if match := _MAPPED.fullmatch(type_name):
        return _walk_mapping(value, match.group(1), path)
    if type_name in _PLAIN:
        return _walk_plain(value, type_name, path)
    return _walk_model(value, type_name, path)


def _walk_plain(value: object, type_name: str, path: str) -> list[str]:
    wrong = not isinstance(value, _PLAIN[type_name])
    if wrong or (isinstance(value, bool) and type_name != "bool"):
        names = {"str": "a string", "int": "a whole number", "bool": "true or false"}
        shown = repr(value)[:40]
        return [f"{path} must be {names.get(type_name, 'a number')}, not {shown}"]
    return []


def _walk_mapping(value: object, type_name: str, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} must be a mapping"]
    items = cast("Fields", value).items()
    if path.rpartition(".")[2] in _OF_QUANTITIES:
        return [
            f"{path}.{key} must be a quantity"
            for key, each in items
            if isinstance(each, (bool, dict, list))
        ]
    return [p for key, each in items for p in _walk(each, type_name, f"{path}.{key}")]


def _walk_model(value: object, type_name: str, path: str) -> list[str]:
    model = _model(type_name)
    if model is None:
        return []
    if not isinstance(value, dict):
        return [f"{path} must be a mapping"]
    types = _types(type_name)
    fields = cast("Fields", value)
    before = f"{path}." if path else ""
    found = [f"{before}{name} is missing" for name in _due(type_name) if fields.get(name) is None]
    for name, each in fields.items():
        if name in types:
            found.extend(_walk(each, types[str(name)], f"{before}{name}"))
        else:
            found.append(f"{before}{name} is no field of {_bare(type_name)}")
    return found


def _bare(type_name: str) -> str:
    return re.sub(r"^(Core|Events)?V\d+((alpha|beta)\d+)?", "", type_name)


def _selector_problems(fields: dict[str, object]) -> list[str]:
    """A workload must select the pods that it makes; the API refuses it otherwise."""
    spec = fields.get("spec")
    wanted = _at(spec, "selector", "matchLabels")
    made = _at(spec, "template", "metadata", "labels")
    if not isinstance(wanted, dict) or "template" not in cast("Fields", spec or {}):
        return []
    labels = cast("Fields", made) if isinstance(made, dict) else {}
    missing = [k for k, v in cast("Fields", wanted).items() if labels.get(k) != v]
    text = ", ".join(map(str, missing))
    return [f"spec.template.metadata.labels lacks what the selector wants: {text}"] if text else []


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = cast("Fields", value).get(key) if isinstance(value, dict) else None
    return value


def _models() -> Any:  # noqa: ANN401 - generated classes without types
    # A second to import, and only this check needs it.
    from kubernetes.client import models  # pyright: ignore[reportMissingTypeStubs]

    return models


def _model(name: str) -> Any | None:  # noqa: ANN401
    return getattr(_models(), name, None)


@cache
def _version() -> str:
    from importlib.metadata import version

    return f"1.{version('kubernetes').split('.')[0]}"


@cache
def _types(name: str) -> dict[str, str]:
    """The declared type of every field, by its name in YAML."""
    model = _model(name)
    names: dict[str, str] = model.attribute_map if model else {}
    types: dict[str, str] = model.openapi_types if model else {}
    return {names[own]: type_name for own, type_name in types.items()}


@cache
def _due(name: str) -> tuple[str, ...]:
    """The fields that an object must have, by their names in YAML."""
    model = _model(name)
    if model is None:
        return ()
    required = (own for own, field in model.model_fields.items() if field.is_required())
    return tuple(model.attribute_map[own] for own in required)
