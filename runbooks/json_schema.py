"""The YAML format of runbooks as a JSON Schema (draft 2020-12), for editors and other programs.

It says everything about the format that needs no look at another place of the file: keys, types,
limits, the kinds of action. That a placeholder is declared, or a step named before it is referred
to, is for the loader alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from .loader_actions import (
    CHECKS,
    ENV_NAME,
    HEADER,
    KINDS,
    LOADS_CODE,
    METHODS,
    SAFE_METHODS,
    SECRET_HEADER,
)
from .loader_conditions import MAX_CONCURRENCY, MAX_RETRIES
from .loader_heads import NAME
from .loader_parameters import PARAMETER_NAME
from .loader_steps import MAX_STEPS, STEP_ID
from .loader_targets import FREE_FORM, MAX_ROWS, MODULE
from .loader_texts import MAX_SECONDS, SHELLS
from .schema import MAX_ITEMS, Outcome, ParameterType, Risk

Schema: TypeAlias = dict[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMERIC = (ParameterType.INTEGER.value, ParameterType.NUMBER.value)
_CHECKS = tuple(kind for kind in KINDS if kind in CHECKS)


def json_schema() -> Schema:
    """The whole schema; a new value at every call."""
    return {
        "$schema": DIALECT,
        "title": "opsbot runbook",
        **_mapping(
            {
                "name": _id("unique; lower-case words joined by '-'", f"^(?:{NAME})$"),
                "title": _text("what it does, in one line"),
                "version": {"type": "number", "minimum": 1, "multipleOf": 1},
                "summary": _text("what it does and what it leaves alone"),
                "services": _list(_ref("text"), "preferred when a question is about one of these"),
                "symptoms": _list(_ref("text"), "phrases and fragments of log lines it answers"),
                "alerts": _list(_ref("text"), "names of alerts it answers"),
                "synonyms": {
                    "type": "object",
                    "description": "a word of the symptoms or the title: what people say instead",
                    "additionalProperties": _list(_ref("text")),
                },
                "parameters": {
                    "type": "object",
                    "propertyNames": {
                        "pattern": _whole_text(PARAMETER_NAME),
                        "not": {"const": "vars"},
                    },
                    "additionalProperties": _ref("parameter"),
                },
                "steps": {
                    **_list(_ref("step"), "run one after the other"),
                    "minItems": 1,
                    "maxItems": MAX_STEPS,
                },
            },
            ("name", "title", "version", "summary", "steps"),
        ),
        "$defs": _definitions(),
    }


def _definitions() -> Schema:
    return {
        "text": {
            "type": ["string", "number"],
            "pattern": r"\S",
            "description": "text; a bare number counts as it is written",
        },
        "seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_SECONDS},
        "scalar": {"type": ["string", "number", "boolean"], "pattern": r"\S"},
        "argv": {
            **_list(_ref("text"), "a program and its arguments; no shell takes part"),
            "prefixItems": [{**_ref("text"), **_but(f"^(?:.*/)?(?:{'|'.join(sorted(SHELLS))})$")}],
            "minItems": 1,
        },
        "words": {
            **_list(_ref("text"), "what follows the client's own name"),
            "minItems": 1,
        },
        "texts": {"type": "object", "additionalProperties": _ref("scalar")},
        "parameter": _parameter(),
        "expect": _expect(),
        "step": _step(),
        "action": _action(KINDS, safe=False),
        "check": _action(_CHECKS, safe=True),
        "verify": _action(
            _CHECKS, safe=True, more={"within_s": _ref("seconds"), "expect": _ref("expect")}
        ),
        **{f"{kind}-any": _kind(kind, safe=False) for kind in KINDS if kind != "argv"},
        **{f"{kind}-safe": _kind(kind, safe=True) for kind in _CHECKS if kind != "argv"},
    }


def _parameter() -> Schema:
    fields: Schema = {
        "type": {"enum": [kind.value for kind in ParameterType]},
        "description": _ref("text"),
        "default": _ref("scalar"),
        "choices": _list(_ref("scalar")),
        "pattern": {
            **_text("a regular expression that the whole value must match"),
            "format": "regex",
        },
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "unit": _ref("text"),
    }
    numeric = {"properties": {"type": {"enum": list(_NUMERIC)}}}
    text = {"properties": {"type": {"const": ParameterType.STRING.value}}}
    return {
        **_mapping(fields, ("type", "description")),
        "dependentSchemas": {"minimum": numeric, "maximum": numeric, "pattern": text},
    }


def _expect() -> Schema:
    regex = {"type": ["string", "number"], "pattern": r"\S", "format": "regex"}
    number = {"type": "number"}
    fields: Schema = {"output": regex, "absent": regex, "minimum": number, "maximum": number}
    return {**_mapping(fields), "minProperties": 1}


def _step() -> Schema:
    fields: Schema = {
        "id": _id("unique in the runbook", _whole_text(STEP_ID)),
        "title": _ref("text"),
        "risk": {"enum": [risk.value for risk in Risk]},
        "run": _ref("action"),
        "preview": _ref("check"),
        "verify": _ref("verify"),
        "rollback": _ref("action"),
        "timeout_s": _ref("seconds"),
        "retry": _mapping(
            {"times": _whole(1, MAX_RETRIES), "delay_s": _ref("seconds")}, ("times",)
        ),
        "when": _mapping(
            {
                "step": _ref("text"),
                "outcome": {"enum": [outcome.value for outcome in Outcome]},
                "expect": _ref("expect"),
            },
            ("step",),
        ),
        "matrix": _mapping(
            {
                "over": {**_list(_ref("text")), "minItems": 1, "maxItems": MAX_ITEMS},
                "concurrency": _whole(1, MAX_CONCURRENCY),
                "stop_on_failure": {"type": "boolean"},
            },
            ("over",),
        ),
        "continue_on_failure": {"type": "boolean"},
    }
    return _mapping(fields, ("id", "title", "risk", "run"))


def _action(
    kinds: tuple[str, ...], *, safe: bool, more: Mapping[str, object] | None = None
) -> Schema:
    """An action: exactly one of the kinds, with what goes with it."""
    form = "safe" if safe else "any"
    fields: Schema = {kind: _ref("argv" if kind == "argv" else f"{kind}-{form}") for kind in kinds}
    beside: Schema = {
        "cwd": _ref("text"),
        "env": {**_ref("texts"), "propertyNames": _name(ENV_NAME, LOADS_CODE)},
        "timeout_s": _ref("seconds"),
    }
    return {
        **_mapping({**fields, **beside, **(more or {})}),
        "oneOf": [{"required": [kind]} for kind in kinds],
        "dependentRequired": {"cwd": ["argv"], "env": ["argv"]},
    }


def _kind(kind: str, *, safe: bool) -> Schema:
    target, argv = _text("name of a target in the settings"), _ref("argv")
    simple: dict[str, tuple[Schema, tuple[str, ...]]] = {
        "ssh": ({"target": target, "argv": argv}, ("target", "argv")),
        "kubernetes": ({"target": target, "argv": _ref("words")}, ("argv",)),
        "docker": ({"target": target, "argv": _ref("words")}, ("argv",)),
        "wait": ({"seconds": _ref("seconds")}, ("seconds",)),
        "manual": ({"instructions": _ref("text")}, ("instructions",)),
        "explain": ({"of": _ref("text"), "question": _ref("text")}, ("of", "question")),
    }
    if kind in simple:
        return _mapping(*simple[kind])
    if kind == "http":
        return _http(safe=safe)
    return _sql(safe=safe) if kind == "sql" else _ansible(safe=safe)


def _http(*, safe: bool) -> Schema:
    fields: Schema = {
        "url": _text("an address, or with a target a path of it"),
        "method": {"enum": list(SAFE_METHODS if safe else METHODS)},
        "expect_status": _whole(100, 599),
        "timeout_s": _ref("seconds"),
        "target": _ref("text"),
        "headers": {**_ref("texts"), "propertyNames": _name(HEADER, SECRET_HEADER)},
        "body": _ref("text"),
    }
    return _mapping(fields, ("url",))


def _sql(*, safe: bool) -> Schema:
    fields: Schema = {
        "target": _ref("text"),
        "statement": _text("with :name for each of the values"),
        "values": _ref("texts"),
        "writes": {"const": False} if safe else {"type": "boolean"},
        "max_rows": _whole(1, MAX_ROWS),
    }
    return _mapping(fields, ("target", "statement"))


def _ansible(*, safe: bool) -> Schema:
    fields: Schema = {
        "module": {
            **_name(MODULE, re.compile(rf"(?:.*\.)?(?:{'|'.join(sorted(FREE_FORM))})")),
            "type": "string",
        },
        "playbook": _ref("text"),
        "arguments": _ref("texts"),
        "target": _ref("text"),
        "limit": _ref("text"),
        "check": {"const": True} if safe else {"type": "boolean"},
    }
    either: Schema = {"oneOf": [{"required": ["module"]}, {"required": ["playbook"]}]}
    return {**_mapping(fields, ("check",) if safe else ()), **either}


def _mapping(fields: Mapping[str, object], required: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema, description: str = "") -> Schema:
    named = {"description": description} if description else {}
    return {"type": "array", "items": items, **named}


def _text(description: str) -> Schema:
    return {"type": ["string", "number"], "pattern": r"\S", "description": description}


def _id(description: str, pattern: str) -> Schema:
    """A name; a bare whole number is one too."""
    kinds = ["string", "integer"]
    return {"type": kinds, "minimum": 0, "pattern": pattern, "description": description}


def _name(form: re.Pattern[str], refused: re.Pattern[str]) -> Schema:
    return {"pattern": _whole_text(form), **_but(_whole_text(refused))}


def _but(pattern: str) -> Schema:
    """Anything but a text of this form."""
    return {"not": {"type": "string", "pattern": pattern}}


def _whole_text(form: re.Pattern[str]) -> str:
    # NOTE: the dialect's expressions know no inline flag, and ours uses only one, for case.
    pattern = form.pattern.removeprefix("(?i)")
    if pattern != form.pattern:
        pattern = "".join(f"[{c}{c.upper()}]" if c.islower() else c for c in pattern)
    return f"^(?:{pattern})$"


def _whole(low: int, high: int) -> Schema:
    return {"type": "number", "multipleOf": 1, "minimum": low, "maximum": high}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
