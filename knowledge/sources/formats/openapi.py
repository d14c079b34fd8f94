"""OpenAPI 3 and Swagger 2 descriptions into Markdown: one section for each operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

import yaml

from ...errors import UnusableDocumentError
from ..front_matter import plain
from .markdown_writer import MarkdownWriter

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SNIFFED_CHARS = 65_536
_DECLARED = re.compile(r"""^\s*["']?(?:openapi|swagger)["']?\s*:\s*["']?[23]""", re.MULTILINE)
_DECLARED_INLINE = re.compile(r"""[{,]\s*"(?:openapi|swagger)"\s*:\s*"[23]""")
_MAX_OPERATIONS = 5000
_MAX_PROPERTIES = 60
_MAX_REFERENCES = 20
_MAX_LISTED = 20
_MAX_LINE_CHARS = 500

_Node = Mapping[str, object]


def is_openapi(text: str) -> bool:
    """Whether a YAML or JSON text claims to be such a description."""
    start = text[:_SNIFFED_CHARS]
    return bool(_DECLARED.search(start) or _DECLARED_INLINE.search(start))


def openapi_to_markdown(text: str, *, is_json: bool) -> tuple[str, Mapping[str, object]]:
    """The operations of an API with their parameters and answers.

    Raises:
        UnusableDocumentError: It cannot be read, or describes no operation.
    """
    root = _loaded(text, is_json=is_json)
    if not (root.get("openapi") or root.get("swagger")):
        raise UnusableDocumentError("no OpenAPI description")
    return _Description(root).written()


def _loaded(text: str, *, is_json: bool) -> _Node:
    kind = "JSON" if is_json else "YAML"
    try:
        loaded: object = json.loads(text) if is_json else yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as exc:
        line = f" in line {exc.problem_mark.line + 1}" if exc.problem_mark else ""
        raise UnusableDocumentError(f"malformed {kind}{line}") from exc
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as exc:
        raise UnusableDocumentError(f"malformed {kind}") from exc
    if not isinstance(loaded, dict):
        raise UnusableDocumentError("no OpenAPI description")
    return cast("_Node", loaded)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Description:
    """One description, with its references looked up inside itself only."""

    def __init__(self, root: _Node) -> None:
        self._root = root
        self._writer = MarkdownWriter()

    def written(self) -> tuple[str, Mapping[str, object]]:
        info = self._node(self._root.get("info"))
        title = _line(info.get("title")) or "API"
        version = _line(info.get("version"))
        self._writer.heading(1, f"{title} {version}".strip())
        self._writer.paragraph(_text(info.get("description")))
        self._bases()
        n_operations = 0
        for path, method, operation, shared in self._operations():
            n_operations += 1
            if n_operations > _MAX_OPERATIONS:
                raise UnusableDocumentError(f"more than {_MAX_OPERATIONS} operations")
            self._operation(path, method, operation, shared)
        if not n_operations:
            raise UnusableDocumentError("it describes no operation")
        return self._writer.text(), {"title": title, "service": info.get("x-service")}

    def _bases(self) -> None:
        urls = [_line(self._node(one).get("url")) for one in _list(self._root.get("servers"))]
        host = _line(self._root.get("host"))
        if host:
            urls.append(f"{host}{_line(self._root.get('basePath'))}")
        named = [url for url in urls if url]
        if named:
            self._writer.paragraph("Base URL: " + ", ".join(f"`{url}`" for url in named[:10]))

    def _operations(self) -> Iterator[tuple[str, str, _Node, list[object]]]:
        for path, item in self._node(self._root.get("paths")).items():
            node = self._node(item)
            for method in _METHODS:
                if isinstance(node.get(method), dict):
                    operation = self._node(node[method])
                    yield str(path), method, operation, _list(node.get("parameters"))

    def _operation(self, path: str, method: str, operation: _Node, shared: list[object]) -> None:
        summary = _line(operation.get("summary"))
        address = f"{method.upper()} {path}"
        self._writer.heading(2, f"{address}: {summary}" if summary else address)
        if operation.get("deprecated") is True:
            self._writer.paragraph("This operation is deprecated.")
        self._writer.paragraph(_text(operation.get("description")))
        known = [("Operation", operation.get("operationId")), ("Tags", operation.get("tags"))]
        stated = [f"{name}: {_line(value)}" for name, value in known if _line(value)]
        self._writer.paragraph("\n".join(stated))
        self._parameters([*shared, *_list(operation.get("parameters"))])
        self._body(self._node(operation.get("requestBody")))
        self._responses(self._node(operation.get("responses")))

    def _parameters(self, parameters: list[object]) -> None:
        rows = [["Parameter", "In", "Type", "Required", "Description"]]
        for one in parameters:
            node = self._node(one)
            schema = self._node(node.get("schema"))
            kind = self._type(schema or node)
            required = "yes" if node.get("required") is True else "no"
            told = _line(node.get("description"))
            if _line(node.get("name")):
                rows.append(
                    [f"`{_line(node['name'])}`", _line(node.get("in")), kind, required, told]
                )
            if node.get("in") == "body":
                self._properties(schema)
        if len(rows) > 1:
            self._writer.paragraph("Parameters:")
            self._writer.table(rows)

    def _body(self, body: _Node) -> None:
        for kind, media in self._node(body.get("content")).items():
            told = _line(body.get("description"))
            self._writer.paragraph(f"Request body (`{kind}`): {told}".rstrip(": ") + ":")
            self._properties(self._node(self._node(media).get("schema")))
            return

    def _properties(self, schema: _Node) -> None:
        """The fields of an object, those of its parts too."""
        rows = [["Field", "Type", "Required", "Description"]]
        for part in (schema, *[self._node(one) for one in _list(schema.get("allOf"))]):
            required = {str(name) for name in _list(part.get("required"))}
            for name, value in list(self._node(part.get("properties")).items())[:_MAX_PROPERTIES]:
                node = self._node(value)
                needed = "yes" if name in required else "no"
                rows.append([f"`{name}`", self._type(node), needed, _line(node.get("description"))])
        if len(rows) > 1:
            self._writer.table(rows)

    def _responses(self, responses: _Node) -> None:
        rows = [["Response", "Description", "Content"]]
        for status, value in responses.items():
            node = self._node(value)
            content = ", ".join(str(kind) for kind in self._node(node.get("content")))
            rows.append([str(status), _line(node.get("description")), content])
        if len(rows) > 1:
            self._writer.paragraph("Responses:")
            self._writer.table(rows)

    def _type(self, schema: _Node) -> str:
        kind = _line(schema.get("type")) or ("object" if "properties" in schema else "")
        if kind == "array":
            kind = f"array of {_line(self._node(schema.get('items')).get('type')) or 'objects'}"
        choices = [_line(one) for one in _list(schema.get("enum"))[:20]]
        details = [f"one of {', '.join(choices)}"] if choices else []
        if "default" in schema:
            details.append(f"default {_line(schema['default'])}")
        return ", ".join([kind, *details]).strip(", ")

    def _node(self, value: object) -> _Node:
        """A mapping, a reference followed; empty for anything else."""
        for _ in range(_MAX_REFERENCES):
            if not isinstance(value, dict):
                return {}
            node = cast("_Node", value)
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            value = self._referred(reference)
        return {}

    def _referred(self, reference: str) -> object:
        if not reference.startswith("#/"):
            return None
        node: object = self._root
        for part in reference[2:].split("/"):
            if not isinstance(node, dict):
                return None
            name = part.replace("~1", "/").replace("~0", "~")
            node = cast("_Node", node).get(name)
        return node


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _line(value: object) -> str:
    """A plain value, or a list of such, in one line; structures are left out."""
    if isinstance(value, list):
        members = cast("list[object]", value)[:_MAX_LISTED]
        return ", ".join(filter(None, (plain(one) for one in members)))
    return plain(value)[:_MAX_LINE_CHARS]
