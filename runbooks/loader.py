"""A runbook's YAML file becomes a `Runbook`, or the complete list of what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from .errors import RunbookFileError
from .loader_parameters import read_parameters
from .loader_steps import read_steps
from .schema import Runbook
from .yaml_tree import MAX_FILE_BYTES, Fields, Node, Tree, sorted_faults

_REQUIRED = ("name", "title", "version", "summary", "steps")
_OPTIONAL = ("services", "symptoms", "alerts", "synonyms", "parameters")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


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
        content: UTF-8 YAML.
        path: Names the file in faults and in `Runbook.source`.

    Raises:
        RunbookFileError: Names every fault.
    """
    tree = Tree(path=path)
    node = tree.parse(content)
    runbook = _runbook(tree, node, content) if node is not None else None
    if tree.faults or runbook is None:
        raise RunbookFileError(sorted_faults(tree.faults))
    return runbook


def _runbook(tree: Tree, node: Node, content: bytes) -> Runbook | None:
    fields = tree.read_fields(node, "a runbook", required=_REQUIRED, optional=_OPTIONAL)
    parameters = read_parameters(tree, fields.get("parameters"))
    steps = read_steps(tree, fields.get("steps"), parameters)
    name = _name(tree, fields.get("name"))
    title = tree.read_text(fields.get("title"), "title")
    summary = tree.read_text(fields.get("summary"), "summary")
    version = _version(tree, fields.get("version"))
    lists = _lists(tree, fields)
    synonyms = _synonyms(tree, fields.get("synonyms"))
    if name is None or title is None or summary is None or version is None or tree.faults:
        return None
    return Runbook(
        name=name,
        title=title.strip(),
        version=version,
        summary=" ".join(summary.split()),
        steps=steps,
        parameters=parameters,
        services=lists["services"],
        symptoms=lists["symptoms"],
        alerts=lists["alerts"],
        synonyms=synonyms,
        source=tree.path,
        digest=hashlib.sha256(content).hexdigest(),
    )


def _lists(tree: Tree, fields: Fields) -> dict[str, tuple[str, ...]]:
    names = ("services", "symptoms", "alerts")
    return {name: tree.read_texts(fields.get(name), name) for name in names}


def _synonyms(tree: Tree, node: Node | None) -> dict[str, tuple[str, ...]]:
    entries = tree.read_entries(node, "synonyms") if node is not None else None
    named = (entries or {}).items()
    return {word: tree.read_texts(said, f"synonyms of {word!r}") for word, (_, said) in named}


def _name(tree: Tree, node: Node | None) -> str | None:
    name = tree.read_text(node, "name")
    if name is not None and not _NAME.fullmatch(name):
        tree.fault(node, f"name {name!r} must be lower-case words joined by '-'")
        return None
    return name


def _version(tree: Tree, node: Node | None) -> int | None:
    number = tree.read_number(node, "version")
    if number is None:
        return None
    if not number.is_integer() or number < 1:
        tree.fault(node, "version must be a whole number of at least 1")
        return None
    return int(number)
