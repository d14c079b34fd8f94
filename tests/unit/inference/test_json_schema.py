"""Every text that a schema's grammar allows is valid under the schema; the rest is refused."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from inference import GrammarError
from inference.json_schema import MAX_DEPTH, MAX_NODES, MAX_REPEATS, grammar_of

N_SAMPLES = 60
TOKEN = re.compile(r'\s*("(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|[a-zA-Z0-9-]+|[()|?*+])')
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)")
Schema = Mapping[str, Any]


class Sampler:
    """Writes random texts of a GBNF grammar; prefers to end as it gets deeper."""

    def __init__(self, grammar: str, seed: int) -> None:
        lines = (line.split(" ::= ", 1) for line in grammar.splitlines())
        self.rules = {name: TOKEN.findall(body) for name, body in lines}
        self.random = random.Random(seed)  # noqa: S311 - repeatable

    def text(self) -> str:
        return self.rule("root", 0)

    def rule(self, name: str, depth: int) -> str:
        assert depth < 200, f"{name} does not end"
        text, rest = self.alternatives(self.rules[name], depth)
        assert not rest
        return text

    def alternatives(self, tokens: list[str], depth: int) -> tuple[str, list[str]]:
        """Write one of the alternatives up to a closing bracket, and return what follows it."""
        options: list[list[list[str]]] = [[]]
        while tokens and tokens[0] != ")":
            if tokens[0] == "|":
                options.append([])
                tokens = tokens[1:]
                continue
            item, tokens = split_item(tokens)
            options[-1].append(item)
        chosen = options[-1] if depth > 30 else self.random.choice(options)
        return "".join(self.item(item, depth) for item in chosen), tokens

    def item(self, item: list[str], depth: int) -> str:
        suffix = item[-1] if item[-1] in "?*+" else ""
        body = item[:-1] if suffix else item
        least, most = {"": (1, 1), "?": (0, 1), "*": (0, 3), "+": (1, 3)}[suffix]
        n = least if depth > 30 else self.random.randint(least, most)
        return "".join(self.once(body, depth) for _ in range(n))

    def once(self, body: list[str], depth: int) -> str:
        if body[0] == "(":
            return self.alternatives(body[1:-1], depth)[0]
        if body[0].startswith('"'):
            return unescaped(body[0][1:-1])
        if body[0].startswith("["):
            return self.character(body[0][1:-1])
        return self.rule(body[0], depth + 1)

    def character(self, characters: str) -> str:
        expression = re.compile(f"[{characters}]")
        while True:
            candidate = chr(self.random.choice((self.random.randrange(128), 0xE9, 0x1F525)))
            if expression.fullmatch(candidate):
                return candidate


def split_item(tokens: list[str]) -> tuple[list[str], list[str]]:
    depth, end = 0, 0
    while end == 0 or depth:
        depth += {"(": 1, ")": -1}.get(tokens[end], 0)
        end += 1
    end += end < len(tokens) and tokens[end] in "?*+"
    return tokens[:end], tokens[end:]


def unescaped(literal: str) -> str:
    names = {"n": "\n", "r": "\r", "t": "\t"}
    return ESCAPE.sub(
        lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 3 else names.get(m[1], m[1]), literal
    )


def samples(schema: Schema) -> list[Any]:
    grammar = grammar_of(schema)
    return [json.loads(Sampler(grammar, seed).text()) for seed in range(N_SAMPLES)]


def is_node(value: Any) -> bool:
    if value is None:
        return True
    return set(value) == {"next"} and is_node(value["next"])


ENFORCED: list[tuple[Schema, Callable[[Any], bool]]] = [
    ({"type": "object"}, lambda v: isinstance(v, dict)),
    ({"type": "string"}, lambda v: isinstance(v, str)),
    ({"type": "integer"}, lambda v: isinstance(v, int)),
    ({"type": ["string", "null"]}, lambda v: v is None or isinstance(v, str)),
    ({"type": ["string", "null"], "enum": ["a", 1, None]}, lambda v: v in ("a", None)),
    ({"enum": ['say "hi"', "a\\b", "zwei\nZeilen", "é🔥", 1.5, [1], {"k": "\t"}]}, bool),
    ({"const": 'C:\\dir "x"'}, lambda v: v == 'C:\\dir "x"'),
    ({"type": "string", "minLength": 2, "maxLength": 4}, lambda v: 2 <= len(v) <= 4),
    ({"type": "string", "pattern": "^a+|b{2,3}$"}, lambda v: bool(re.fullmatch("a+|b{2,3}", v))),
    ({"type": "string", "format": "date"}, lambda v: bool(re.fullmatch(r"\d{4}-\d\d-\d\d", v))),
    ({"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 3},
     lambda v: v in ([None], [None] * 2, [None] * 3)),
    ({"type": "array", "maxItems": 0}, lambda v: v == []),
    ({"prefixItems": [{"const": 1}, {"const": 2}]}, lambda v: v == [1, 2]),
    ({"type": "object", "additionalProperties": False}, lambda v: v == {}),
    ({"additionalProperties": {"type": "boolean"}},
     lambda v: all(isinstance(each, bool) for each in v.values())),
    ({"properties": {"a": {"type": "null"}, "b\"\\é": {"const": 0}}, "required": ["b\"\\é"]},
     lambda v: v.get("b\"\\é") == 0 and set(v) <= {"a", "b\"\\é"}),
    ({"properties": {"root": {"const": 1}, "string": {"type": "string"}, "space": {"const": 2},
                     "def": {"const": 3}, "def-0": {"$ref": "#/$defs/string"}},
      "required": ["root", "string", "space", "def", "def-0"],
      "$defs": {"string": {"type": "object", "properties": {"x": {"const": 4}},
                           "required": ["x"]}}},
     lambda v: v | {"string": ""} ==
     {"root": 1, "string": "", "space": 2, "def": 3, "def-0": {"x": 4}}),
    ({"properties": {"a": {"$ref": "#/$defs/x/v"}, "b": {"$ref": "#/$defs/y/v"}},
      "required": ["a", "b"],
      "$defs": {"x": {"v": {"enum": ["x"]}}, "y": {"v": {"enum": ["y"]}}}},
     lambda v: v == {"a": "x", "b": "y"}),
    ({"$ref": "#/$defs/Node", "$defs": {"Node": {
        "type": "object", "required": ["next"],
        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}}}}}, is_node),
    ({"required": ["next"], "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}},
     is_node),
    ({"allOf": [{"$ref": "#/$defs/a~1b"}], "$defs": {"a/b": {"const": 7}}}, lambda v: v == 7),
    ({"oneOf": [{"const": 1}, {"const": 2}], "title": "T", "description": "D"},
     lambda v: v in (1, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "is_valid"), ENFORCED, ids=lambda each: str(each)[:60])
def test_every_text_of_the_grammar_is_valid_under_the_schema(
    schema: Schema, is_valid: Callable[[Any], bool]
) -> None:
    assert all(is_valid(value) for value in samples(schema))


def test_an_empty_schema_allows_values_of_every_type() -> None:
    kinds = {type(value).__name__ for value in samples({})}
    assert kinds >= {"dict", "list", "str", "bool", "NoneType"}


REFUSED: list[tuple[Schema, str]] = [
    ({"type": "integer", "minimum": 3}, '"minimum" at # is not supported'),
    ({"properties": {"a": {"not": {}}}}, '"not" at #/properties/a'),
    ({"type": "text"}, "the type 'text' at #"),
    ({"type": "string", "format": "email"}, "the format 'email' at #"),
    ({"type": "string", "pattern": "^a.c$"}, ". is not understood"),
    ({"type": "string", "pattern": "abc"}, "begin with ^"),
    ({"type": "string", "pattern": r"^\d$"}, "backslashes"),
    ({"type": "string", "pattern": "^[^a]$"}, "a class may not"),
    ({"type": "string", "pattern": "^[!-~]$"}, "a class may not"),
    ({"type": "string", "pattern": "^a+?$"}, "quantifier"),
    ({"type": "string", "pattern": "^(a$"}, "not supported"),
    ({"type": "string", "pattern": "^(?:a)$"}, "(? is not understood"),
    ({"type": "string", "pattern": f"^a{{{MAX_REPEATS + 1}}}$"}, str(MAX_REPEATS)),
    ({"type": "string", "pattern": "^a$", "maxLength": 3}, "together"),
    ({"type": "string", "maxLength": MAX_REPEATS + 1}, str(MAX_REPEATS)),
    ({"type": "string", "maxLength": -1}, ">= 0"),
    ({"type": "array", "minItems": 3, "maxItems": 2}, "below"),
    ({"prefixItems": [{}, {}], "maxItems": 1}, "2 items"),
    ({"type": "object", "required": ["a"]}, "requires 'a'"),
    ({"properties": {"": {}}}, "without a name"),
    ({"properties": {"a": False}}, "is false"),
    ({"properties": {"a": 3}}, "must be an object"),
    ({"enum": []}, "not empty"),
    ({"type": "string", "enum": [1, 2]}, "declared type"),
    ({"anyOf": [{}], "properties": {"a": {}}}, '"properties" beside "anyOf"'),
    ({"allOf": [{}, {}]}, '"allOf" of more than one'),
    ({"$ref": "https://example.com/x"}, 'must begin with "#/"'),
    ({"$ref": "#/$defs/none"}, "leads nowhere"),
    ({"enum": list(range(MAX_NODES + 1))}, f"more than {MAX_NODES} parts"),
    ({"const": float("nan")}, "not JSON"),
    ({"const": "x" * 70_000}, "at most 65536 fit"),
]


@pytest.mark.parametrize(("schema", "named"), REFUSED, ids=lambda each: str(each)[:60])
def test_what_a_grammar_cannot_enforce_is_refused_by_name(schema: Schema, named: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(named)):
        grammar_of(schema)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 2000])
def test_a_schema_that_is_nested_too_deep_is_refused(depth: int) -> None:
    schema: dict[str, Any] = {"type": "null"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    with pytest.raises(GrammarError):
        grammar_of(schema)


def test_the_same_schema_gives_the_same_grammar_whatever_was_converted_before() -> None:
    schema = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    first = grammar_of(schema)
    grammar_of({"enum": ["other"]})
    assert grammar_of(json.loads(json.dumps(schema))) == first
