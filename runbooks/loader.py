"""A runbook's file becomes a `Runbook`, or the complete list of what is wrong with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .errors import RunbookFileError
from .loader_heads import LISTS, read_head
from .loader_markdown import read_markdown
from .loader_parameters import read_parameters
from .loader_steps import read_steps
from .schema import MARKDOWN, Runbook
from .yaml_tree import MAX_FILE_BYTES, Tree, sorted_faults

_REQUIRED = ("name", "title", "version", "summary", "steps")
_OPTIONAL = (*LISTS, "synonyms", "parameters")


def load(path: Path) -> Runbook:
    """Read one file.

    Raises:
        RunbookFileError: The file cannot be read or is not a runbook; names every fault.
    """
    tree = Tree(path=path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        tree.fault(None, f"the file cannot be read: {exc.strerror or exc}")
        raise RunbookFileError(tuple(tree.faults)) from exc
    return parse(content, path)


def parse(content: bytes, path: Path) -> Runbook:
    """Read a file's bytes.

    Args:
        content: UTF-8; Markdown when the file is named so, else YAML.
        path: Names the file in faults and in `Runbook.source`.

    Raises:
        RunbookFileError: Names every fault.
    """
    tree = Tree(path=path)
    read = read_markdown if path.suffix == MARKDOWN else _runbook
    runbook = read(tree, content)
    if tree.faults or runbook is None:
        raise RunbookFileError(sorted_faults(tree.faults))
    return runbook


def _runbook(tree: Tree, content: bytes) -> Runbook | None:
    node = tree.parse(content)
    if node is None:
        return None
    fields = tree.read_fields(node, "a runbook", required=_REQUIRED, optional=_OPTIONAL)
    parameters = read_parameters(tree, fields.get("parameters"))
    steps = read_steps(tree, fields.get("steps"), parameters)
    head = read_head(tree, fields)
    title = tree.read_text(fields.get("title"), "title")
    summary = tree.read_text(fields.get("summary"), "summary")
    if head is None or title is None or summary is None or tree.faults:
        return None
    return Runbook(
        name=head.name,
        title=title.strip(),
        version=head.version,
        summary=" ".join(summary.split()),
        steps=steps,
        parameters=parameters,
        services=head.services,
        symptoms=head.symptoms,
        alerts=head.alerts,
        synonyms=head.synonyms,
        source=tree.path,
        digest=hashlib.sha256(content).hexdigest(),
    )
