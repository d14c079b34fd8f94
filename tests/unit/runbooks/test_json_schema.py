"""The published schema and the loader agree, wherever the schema can know."""
# The validator takes JSON of any shape, and its types say little.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from runbooks.catalog import Catalog
from runbooks.errors import RunbookFileError
from runbooks.json_schema import json_schema
from runbooks.loader import parse
from runbooks.loader_actions import KINDS

EXAMPLE = Path(__file__).with_name("every_kind.yaml")
PAGE = Path(__file__).parents[3] / "docs" / "runbooks.md"
# What needs a look at another place of the file, or at the meaning of a text.
BEYOND_A_SCHEMA = re.compile(
    r"is not declared|refers to|used twice|must be one of|must look like|must be a whole number"
    r"|must be a number, not|must be true or false, not|must be at (?:least|most)|above its maximum"
    r"|is not a regular expression|cannot come from a parameter|stands in quoted text"
    r"|not among the values|is not used in the statement|must start with http|host of a url"
    r"|may not hold a placeholder|only for steps with a matrix|takes its values from"
    r"|is longer than|line break|url with a target|must change nothing here|the statement is not run"
)
VALUES: tuple[object, ...] = (None, True, -1, 2.5, "", "x y", [], {"a": 1})
EVERY = 3


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _refusals(content: str) -> list[str]:
    try:
        parse(content.encode(), Path("x.yaml"))
    except RunbookFileError as exc:
        return [fault.message for fault in exc.faults]
    return []


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = value.items() if isinstance(value, dict) else ()
    children = enumerate(value) if isinstance(value, list) else children
    for key, child in children:
        yield from _paths(child, (*path, key))


def _changed(document: Any, path: tuple[Any, ...], value: object) -> Any:
    copied = copy.deepcopy(document)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return copied


def _without(document: Any, path: tuple[Any, ...]) -> Any:
    copied = copy.deepcopy(document)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return copied


def _documents() -> Iterator[Any]:
    """The example without its parameters, and one small document for each of its steps."""
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    steps = document["steps"]
    yield {**document, "steps": [step for step in steps if step["id"] == "rest"]}
    head = {key: document[key] for key in ("name", "title", "version", "summary", "parameters")}
    for step in steps:
        yield {**head, "steps": [step]}


def _mutants(document: Any, under: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for path in _paths(document):
        if path[: len(under)] != under or not path:
            continue
        where = "/".join(map(str, path))
        yield f"{where} gone", _without(document, path)
        for value in VALUES:
            yield f"{where} = {value!r}", _changed(document, path, value)
        target = document
        for key in path:
            target = target[key]
        if isinstance(target, dict):
            yield f"{where}/extra", _changed(document, (*path, "extra"), "x")


def _all_mutants() -> Iterator[tuple[str, Any]]:
    for number, document in enumerate(_documents()):
        yield from _mutants(document, ("steps", 0) if number else ())


def test_the_example_holds_every_kind_and_both_accept_it(validator: Draft202012Validator) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert {key for step in document["steps"] for key in step["run"]} >= set(KINDS)
    assert _refusals(text) == []
    validator.validate(document)


def test_every_builtin_runbook_is_valid(validator: Draft202012Validator) -> None:
    sources = [runbook.source for runbook in Catalog.load().all]
    assert sources
    for source in sources:
        validator.validate(yaml.safe_load(source.read_text(encoding="utf-8")))


def test_every_documented_yaml_runbook_is_valid(validator: Draft202012Validator) -> None:
    found = re.findall(r"```yaml\n(name: .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    for text in found:
        validator.validate(yaml.safe_load(text))
        assert _refusals(text) == []


def test_schema_and_loader_refuse_the_same_but_for_what_a_schema_cannot_know(
    validator: Draft202012Validator,
) -> None:
    n_refused = 0
    for what, mutant in islice(_all_mutants(), 0, None, EVERY):
        refusals = _refusals(yaml.safe_dump(mutant, sort_keys=False, allow_unicode=True))
        is_valid = validator.is_valid(mutant)
        n_refused += bool(refusals)
        if refusals and is_valid:
            assert all(BEYOND_A_SCHEMA.search(text) for text in refusals), (what, refusals)
        if not refusals:
            assert is_valid, (what, [error.message for error in validator.iter_errors(mutant)][:3])
    assert n_refused > 300


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("argv: [df, -h, 5]", "argv: [bash, -c, x]"),
        ("argv: [df, -h, 5]", "argv: [/bin/sh]"),
        ("{LANG: C}", "{LD_PRELOAD: x}"),
        ("{Accept: text/plain}", "{authorization: x}"),
        ("{Accept: text/plain}", "{X-Api-Key: x}"),
        ("module: ansible.builtin.service", "module: ansible.builtin.shell"),
        ("check: true", "check: false"),
        ("name: every-kind", "name: Every kind"),
        ("risk: read_only", "risk: none"),
    ],
)
def test_what_is_never_allowed_is_in_the_schema(
    validator: Draft202012Validator, old: str, new: str
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace(old, new, 1)
    assert _refusals(text)
    assert not validator.is_valid(yaml.safe_load(text))
