"""YAML, loaded by PyYAML's safe loader; Kubernetes objects must say what they are."""

from __future__ import annotations

from typing import cast

import yaml

from ..verdict import Verdict

_TOOL = "PyYAML"


async def check(code: str) -> Verdict:
    """Load all documents; those that look like Kubernetes objects are checked as such."""
    documents, problem = _load(code)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    if any(isinstance(document, dict) and "apiVersion" in document for document in documents):
        return await check_kubernetes(code)
    return Verdict(
        tool=_TOOL, checked=(f"loaded by {_TOOL}",), unchecked=("whether any program accepts it",)
    )


async def check_kubernetes(code: str) -> Verdict:
    """Load all documents; each must be an object with apiVersion, kind and a name."""
    documents, problem = _load(code)
    problems = [fault for document in documents if (fault := _object_problem(document))]
    problem = problem or "; ".join(problems[:1])
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    kinds = ", ".join(str(cast("dict[str, object]", document)["kind"]) for document in documents)
    return Verdict(
        tool=_TOOL,
        checked=(f"loaded by {_TOOL}; apiVersion, kind and name present ({kinds})",),
        unchecked=("the fields against the cluster's schema",),
    )


def _load(code: str) -> tuple[list[object], str]:
    try:
        loaded: list[object] = list(yaml.safe_load_all(code))
    except yaml.YAMLError as exc:
        return [], " ".join(str(exc).split())
    except (RecursionError, ValueError) as exc:
        return [], f"cannot be loaded: {exc}"
    documents = [document for document in loaded if document is not None]
    return documents, "" if documents else "there is no document"


def _object_problem(document: object) -> str:
    if not isinstance(document, dict):
        return "a Kubernetes object must be a mapping"
    fields = cast("dict[object, object]", document)
    missing = [name for name in ("apiVersion", "kind") if not isinstance(fields.get(name), str)]
    metadata = fields.get("metadata")
    names = cast("dict[object, object]", metadata) if isinstance(metadata, dict) else {}
    if not (names.get("name") or names.get("generateName") or fields.get("kind") == "List"):
        missing.append("metadata.name")
    return f"missing {', '.join(missing)}" if missing else ""
