"""OpenAPI descriptions into Markdown."""

from __future__ import annotations

import json

import pytest

from knowledge.errors import UnusableDocumentError
from knowledge.sources.formats.openapi import is_openapi, openapi_to_markdown

THREE = """openapi: 3.0.3
info: {title: Orders, version: "1.2", description: All about orders.}
servers: [{url: https://api.example/v1}]
paths:
  /orders/{id}:
    parameters: [{$ref: '#/components/parameters/Id'}]
    get:
      summary: One order
      operationId: getOrder
      parameters: [{name: fields, in: query, schema: {type: array, items: {type: string}}}]
      responses:
        "200": {description: The order, content: {application/json: {schema: {}}}}
        404: {$ref: '#/components/responses/Missing'}
    delete:
      deprecated: true
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Reason'}
      responses: {}
components:
  parameters:
    Id: {name: id, in: path, required: true, description: The id, schema: {type: integer}}
  responses: {Missing: {description: No such order}}
  schemas:
    Reason:
      required: [why]
      properties: {why: {type: string, enum: [lost, late]}, loop: {$ref: '#/components/schemas/Reason'}}
"""


def test_every_operation_is_a_section_with_its_parameters_and_answers() -> None:
    text, fields = openapi_to_markdown(THREE, is_json=False)
    assert fields["title"] == "Orders"
    assert text.startswith(
        "# Orders 1.2\n\nAll about orders.\n\nBase URL: `https://api.example/v1`"
    )
    get, delete = text.split("\n## ")[1:]
    assert get.startswith("GET /orders/{id}: One order\n\nOperation: getOrder\n")
    assert "| `id` | path | integer | yes | The id |" in get
    assert "| `fields` | query | array of string | no |  |" in get
    assert "| 404 | No such order |  |" in get
    assert "This operation is deprecated." in delete
    assert "| `why` | string, one of lost, late | yes |  |" in delete


def test_swagger_two_in_json_is_read() -> None:
    two: dict[str, object] = {
        "swagger": "2.0",
        "info": {"title": "Old"},
        "host": "old.example",
        "basePath": "/v2",
        "paths": {
            "/x": {
                "post": {
                    "parameters": [
                        {"name": "n", "in": "query", "type": "integer", "default": 3},
                        {"name": "b", "in": "body", "schema": {"properties": {"f": {}}}},
                    ]
                }
            }
        },
    }
    text, _ = openapi_to_markdown(json.dumps(two), is_json=True)
    assert "Base URL: `old.example/v2`" in text
    assert "| `n` | query | integer, default 3 | no |  |" in text
    assert "| `f` |" in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("openapi: 3.0.0\npaths: [", "malformed YAML in line"),
        ("openapi: 3.0.0\nx: " + "[" * 5000, "malformed YAML|no operation"),
        ("openapi: 3.0.0\npaths: {/a: 3}", "no operation"),
        ("openapi: 3.0.0\npaths: {/a: {get: {$ref: '#/paths'}}}\nx: y", ""),
        ("- openapi", "no OpenAPI"),
        ("a: b", "no OpenAPI"),
    ],
)
def test_a_bad_description_is_refused(text: str, reason: str) -> None:
    if not reason:
        assert "GET /a" in openapi_to_markdown(text, is_json=False)[0]
        return
    with pytest.raises(UnusableDocumentError, match=reason):
        openapi_to_markdown(text, is_json=False)


def test_aliases_that_multiply_end() -> None:
    bomb = "openapi: 3.0.0\na: &a [x,x,x,x,x,x,x,x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{name}: &{name} [{','.join([f'*{before}'] * 8)}]\n"
    bomb += "paths: {/a: {get: {summary: s, tags: *i}}}\n"
    text, _ = openapi_to_markdown(bomb, is_json=False)
    assert len(text) < 10_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [(THREE, True), ('{"openapi": "3.1.0"}', True), ("kind: Deployment\n", False), ("", False)],
)
def test_descriptions_are_told_from_other_files(text: str, *, expected: bool) -> None:
    assert is_openapi(text) is expected
