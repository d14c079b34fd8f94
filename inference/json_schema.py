"""JSON schema to a GBNF grammar, so that a model can only write what the schema allows.

A grammar cannot say all that a schema can. What it cannot say is refused by name, never ignored:
an answer under the grammar is valid under the schema. The grammar may be narrower: where a schema
leaves further properties or items open, none are written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, cast
from urllib.parse import unquote

from .errors import GrammarError
from .schema_pattern import checked_pattern

Node: TypeAlias = Mapping[str, object]

MAX_DEPTH = 32
MAX_NODES = 2000
MAX_GRAMMAR_CHARS = 65_536
MAX_REPEATS = 512
"""Most items or characters that a bound may name: the grammar grows with it."""

_FORMATS = ("date", "date-time", "time", "uuid")
_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default"}
    | {"examples", "deprecated", "readOnly", "writeOnly", "discriminator"}
)
_BY_TYPE: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems"}),
    "string": frozenset({"pattern", "format", "minLength", "maxLength"}),
    "number": frozenset(),
    "integer": frozenset(),
    "boolean": frozenset(),
    "null": frozenset(),
}
_CHOICES = ("$ref", "anyOf", "oneOf", "allOf", "enum", "const")
_KNOWN = _ANNOTATIONS.union({"type"}, _CHOICES, *_BY_TYPE.values())
_ANY_VALUE: Node = {
    "anyOf": [{"type": name} for name in ("object", "array", "string", "number", "boolean", "null")]
}


def grammar_of(schema: Node) -> str:
    """Build the grammar of all JSON texts that a schema allows, or of some of them.

    Alternatives of `oneOf` are taken as they are: whether more than one of them matches an answer
    is not checked. Takes milliseconds per hundred keywords; remembers the last schemas.

    Args:
        schema: A JSON schema as `json.loads` returns it.

    Raises:
        GrammarError: The schema is not valid, or says something that a grammar cannot enforce; the
            message names it and where it stands.
    """
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as exc:
        raise GrammarError(f"the schema is not JSON: {exc}") from exc
    return _grammar_of_text(text)


@lru_cache(maxsize=64)
def _grammar_of_text(text: str) -> str:
    from .backends.schema_grammar import to_gbnf

    reader = _Reader(json.loads(text), prefix=_unused_name(text))
    schema = reader.read(reader.root, "#", 0)
    try:
        grammar = to_gbnf(schema, reader.definitions)
    except (AssertionError, LookupError, TypeError, ValueError, RecursionError) as exc:
        raise GrammarError(f"the schema cannot be turned into a grammar: {exc}") from exc
    if len(grammar) > MAX_GRAMMAR_CHARS:
        raise GrammarError(
            f"the schema's grammar has {len(grammar)} characters, at most {MAX_GRAMMAR_CHARS} fit"
        )
    return grammar


def _unused_name(text: str) -> str:
    """A name for rules that no property of the schema can collide with."""
    name = "def"
    while name in text:
        name += "x"
    return name


class _Reader:
    """Rewrites a schema into the part of the language that the converter gets right."""

    def __init__(self, root: object, *, prefix: str) -> None:
        self.root = root
        self.definitions: dict[str, Node] = {}
        self._prefix = prefix
        self._names: dict[str, str] = {}
        self._n_nodes = 0

    def read(self, node: object, at: str, depth: int) -> Node:
        """One schema, rewritten; `at` is its JSON pointer."""
        self._count(at, depth)
        if node is True or node == {}:
            return _ANY_VALUE
        if node is False:
            raise GrammarError(f"the schema at {at} is false: nothing could be written there")
        fields = _fields(node, at)
        unknown = sorted(set(fields) - _KNOWN)
        if unknown:
            raise GrammarError(f'the schema keyword "{unknown[0]}" at {at} is not supported')
        choice = next((name for name in _CHOICES if name in fields), None)
        if choice is not None:
            return self._choice(choice, fields, at, depth)
        types = _types(fields, at)
        if not types:
            return _ANY_VALUE
        alternatives = [self._typed(name, fields, at, depth) for name in types]
        return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}

    def _count(self, at: str, depth: int, n: int = 1) -> None:
        self._n_nodes += n
        if depth > MAX_DEPTH:
            raise GrammarError(f"the schema at {at} is nested deeper than {MAX_DEPTH} levels")
        if self._n_nodes > MAX_NODES:
            raise GrammarError(f"the schema has more than {MAX_NODES} parts")

    def _choice(self, name: str, fields: Node, at: str, depth: int) -> Node:
        beside = {name, "type"} if name in ("enum", "const") else {name}
        others = sorted(set(fields) - _ANNOTATIONS - beside)
        if others:
            raise GrammarError(f'"{others[0]}" beside "{name}" at {at} is not supported')
        if name == "$ref":
            return {"$ref": self._definition(fields["$ref"], at, depth)}
        if name in ("enum", "const"):
            values = [fields[name]] if name == "const" else _list(fields[name], f"{at}/enum")
            self._count(at, depth, len(values))
            return {"enum": _of_type(values, _declared_types(fields, at), at)}
        parts = _list(fields[name], f"{at}/{name}")
        if name == "allOf" and len(parts) > 1:
            raise GrammarError(f'"allOf" of more than one schema at {at} is not supported')
        read = [self.read(part, f"{at}/{name}/{i}", depth + 1) for i, part in enumerate(parts)]
        return read[0] if len(read) == 1 else {"anyOf": read}

    def _definition(self, ref: object, at: str, depth: int) -> str:
        """The name under which a `$ref`'s target is read; read once, so recursion is fine."""
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
            raise GrammarError(f'the $ref {ref!r} at {at} must begin with "#/"')
        name = self._names.get(ref)
        if name is None:
            name = self._names[ref] = f"{self._prefix}-{len(self._names)}"
            self.definitions[name] = self.read(self._target(ref, at), ref, depth + 1)
        return name

    def _target(self, ref: str, at: str) -> object:
        node = self.root
        for part in ref.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or key not in node:
                raise GrammarError(f"the $ref {ref} at {at} leads nowhere")
            node = cast("Node", node)[key]
        return node

    def _typed(self, name: str, fields: Node, at: str, depth: int) -> Node:
        if name == "object":
            return self._object(fields, at, depth)
        if name == "array":
            return self._array(fields, at, depth)
        if name == "string":
            return _string(fields, at)
        return {"type": name}

    def _object(self, fields: Node, at: str, depth: int) -> Node:
        properties = _fields(fields.get("properties", {}), f"{at}/properties")
        required = _list(fields.get("required", []), f"{at}/required", may_be_empty=True)
        if not all(isinstance(name, str) for name in required):
            raise GrammarError(f'"required" at {at} must name properties')
        missing = next((name for name in required if name not in properties), None)
        if missing is not None:
            raise GrammarError(f"{at} requires {missing!r}, which is not among its properties")
        if "" in properties:
            raise GrammarError(f"a property without a name at {at} is not supported")
        if properties:
            read = {
                name: self.read(value, f"{at}/properties/{name}", depth + 1)
                for name, value in properties.items()
            }
            return {"type": "object", "properties": read, "required": required}
        further = fields.get("additionalProperties", True)
        if further is True or further == {}:
            return {"type": "object"}
        if further is False:
            return {"type": "object", "properties": {}}
        values = self.read(further, f"{at}/additionalProperties", depth + 1)
        return {"type": "object", "additionalProperties": values}

    def _array(self, fields: Node, at: str, depth: int) -> Node:
        low, high = _bounds(fields, "minItems", "maxItems", at)
        items: object = fields.get("items", True)
        tuple_items: object = fields.get("prefixItems")
        if isinstance(items, list):
            tuple_items, items = cast("object", items), True
        if tuple_items is None:
            read = self.read(items, f"{at}/items", depth + 1)
            return {"type": "array", "items": read, "minItems": low, **_upper("maxItems", high)}
        parts = _list(tuple_items, f"{at}/prefixItems")
        if low > len(parts) or (high is not None and high < len(parts)):
            raise GrammarError(f"{at} names {len(parts)} items, its bounds demand another number")
        read_parts = [
            self.read(part, f"{at}/prefixItems/{i}", depth + 1) for i, part in enumerate(parts)
        ]
        return {"type": "array", "prefixItems": read_parts}


def _string(fields: Node, at: str) -> Node:
    kinds = [name for name in ("pattern", "format") if name in fields]
    bounds = [name for name in ("minLength", "maxLength") if name in fields]
    if len(kinds) + bool(bounds) > 1:
        names = '" and "'.join([*kinds, *bounds][:2])
        raise GrammarError(f'"{names}" together at {at} are not supported')
    if "pattern" in fields:
        pattern = checked_pattern(fields["pattern"], at, max_repeats=MAX_REPEATS)
        return {"type": "string", "pattern": pattern}
    if "format" in fields:
        if fields["format"] not in _FORMATS:
            supported = ", ".join(_FORMATS)
            raise GrammarError(
                f"the format {fields['format']!r} at {at} is not supported ({supported} are)"
            )
        return {"type": "string", "format": fields["format"]}
    if not bounds:
        return {"type": "string"}
    low, high = _bounds(fields, "minLength", "maxLength", at)
    return {"type": "string", "minLength": low, **_upper("maxLength", high)}


def _upper(name: str, high: int | None) -> Node:
    return {} if high is None else {name: high}


def _bounds(fields: Node, lower: str, upper: str, at: str) -> tuple[int, int | None]:
    low, high = fields.get(lower, 0), fields.get(upper)
    for name, value in ((lower, low), (upper, high)):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise GrammarError(f'"{name}" at {at} must be a whole number >= 0')
        if value > MAX_REPEATS:
            raise GrammarError(f'"{name}" at {at} is {value}, at most {MAX_REPEATS} is supported')
    low, high = cast("int", low or 0), cast("int | None", high)
    if high is not None and high < low:
        raise GrammarError(f'"{upper}" at {at} is below "{lower}"')
    return low, high


def _fields(node: object, at: str) -> Node:
    if not isinstance(node, dict):
        raise GrammarError(f"the schema at {at} must be an object")
    return cast("Node", node)


def _list(value: object, at: str, *, may_be_empty: bool = False) -> list[object]:
    if not isinstance(value, list) or not (value or may_be_empty):
        raise GrammarError(f"{at} must be a list that is not empty")
    return cast("list[object]", value)


def _declared_types(fields: Node, at: str) -> list[str]:
    declared = fields.get("type", [])
    names = cast("list[object]", declared) if isinstance(declared, list) else [declared]
    wrong = [name for name in names if not isinstance(name, str) or name not in _BY_TYPE]
    if wrong:
        raise GrammarError(f"the type {wrong[0]!r} at {at} is not one of {', '.join(_BY_TYPE)}")
    return cast("list[str]", names)


def _types(fields: Node, at: str) -> list[str]:
    """The declared types; without any, the one that the other keywords are about."""
    declared = _declared_types(fields, at)
    if declared or "type" in fields:
        return declared
    return [name for name, keywords in _BY_TYPE.items() if keywords & set(fields)][:1]


def _of_type(values: Sequence[object], types: Sequence[str], at: str) -> list[object]:
    kept = [value for value in values if not types or any(_is_a(value, name) for name in types)]
    if not kept:
        raise GrammarError(f"no value at {at} has the declared type")
    return kept


def _is_a(value: object, name: str) -> bool:
    if isinstance(value, bool) or name == "boolean":
        return isinstance(value, bool) and name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    kinds: Mapping[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "number": (int, float),
        "null": type(None),
    }
    return isinstance(value, kinds[name])
