"""YAML, loaded by PyYAML's safe loader, which here also refuses a key that stands twice."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from ..verdict import Verdict
from . import kubernetes_object

_TOOL = "PyYAML"


async def check(code: str) -> Verdict:
    """Load all documents; those that look like Kubernetes objects are checked as such."""
    documents, problem = load_all(code)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    if any(isinstance(document, dict) and "apiVersion" in document for document in documents):
        return await check_kubernetes(code)
    return Verdict(
        tool=_TOOL, checked=(f"loaded by {_TOOL}",), unchecked=("whether any program accepts it",)
    )


async def check_kubernetes(code: str) -> Verdict:
    """Load all documents and hold each against Kubernetes' own types."""
    documents, problem = load_all(code)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    return await kubernetes_object.check(documents)


def load_all(code: str) -> tuple[list[object], str]:
    """All documents but the empty ones, and, where there are none, why not."""
    try:
        loaded: list[object] = list(yaml.load_all(code, Loader=_StrictLoader))
    except yaml.YAMLError as exc:
        return [], " ".join(str(exc).split())
    except (RecursionError, ValueError) as exc:
        return [], f"cannot be loaded: {exc}"
    documents = [document for document in loaded if document is not None]
    return documents, "" if documents else "there is no document"


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, but a key that stands twice is a fault and not overwritten in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """See PyYAML."""
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = next((key for key in keys if isinstance(key, str) and keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice!r} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)
