"""llama-cpp-python's converter from JSON schema to GBNF, held to JSON's own rules.

The converter is used as it is but for two things: a literal keeps its backslashes, and a string
may not hold control characters. It ignores what it does not know, so `..json_schema` gives it only
what it gets right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from llama_cpp.llama_grammar import BuiltinRule, SchemaConverter

_CHAR = (
    r'[^"\\\x00-\x1F\x7F] | "\\" '
    r'(["\\/bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F])'
)


class _Converter(SchemaConverter):
    def __init__(self, definitions: Mapping[str, object]) -> None:
        no_order: dict[str, int] = {}
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            prop_order=no_order, allow_fetch=False, dotall=False, raw_pattern=False
        )
        self._refs = dict(definitions)

    def _format_literal(self, literal: str) -> str:
        """Quote a JSON text; characters beyond ASCII are written as themselves."""
        text = json.dumps(json.loads(literal), ensure_ascii=False)
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    def _add_primitive(self, name: str, rule: BuiltinRule) -> str:
        if name == "char":
            rule = BuiltinRule(_CHAR)
        return str(super()._add_primitive(name, rule))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def to_gbnf(schema: object, definitions: Mapping[str, object]) -> str:
    """Convert a schema whose `$ref`s are keys of `definitions`; the first rule is `root`.

    Raises:
        AssertionError, KeyError, TypeError, ValueError: The converter cannot convert it.
    """
    converter = _Converter(definitions)
    converter.visit(schema, "")  # pyright: ignore[reportUnknownMemberType]
    return converter.format_grammar()
