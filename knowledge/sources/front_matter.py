"""What a document declares of itself, in the notation of its format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

import yaml

from ..documents import Format
from ..errors import UnusableDocumentError

_MAX_CHARS = 20_000
_MAX_LINES = 200
_MAX_BITS = 1000
_ATTRIBUTE = re.compile(r"^:([A-Za-z][\w -]{0,40}):[ \t]+(.*)$")
_RESTRICTING = re.compile(
    r"^\W*(access|groups|access[_-]groups|allowed[_-]groups)\W*:", re.MULTILINE | re.IGNORECASE
)


def declared(text: str, format_: Format) -> Mapping[str, object]:
    """Fields by lower-case name with `_` for `-` and blanks; empty when there are none.

    Garbage counts as no declaration, unless it may be one of who is allowed to read.

    Raises:
        UnusableDocumentError: It cannot be read, but names access groups.
    """
    if format_ is Format.MARKDOWN:
        return _yaml_fields(text)
    if format_ in {Format.RST, Format.ASCIIDOC}:
        return _attributes(text)
    return {}


def _yaml_fields(text: str) -> Mapping[str, object]:
    block = _front_matter(text)
    if block is None:
        return {}
    if len(block) > _MAX_CHARS:
        return _unreadable(block, None)
    try:
        loaded = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as exc:
        return _unreadable(block, exc)
    if not isinstance(loaded, dict):
        return _unreadable(block, None)
    fields = cast("dict[object, object]", loaded)
    return {_key(plain(name)): value for name, value in fields.items()}


def _unreadable(block: str, cause: Exception | None) -> Mapping[str, object]:
    if _RESTRICTING.search(block):
        raise UnusableDocumentError(
            "its front matter cannot be read, but says who may read it"
        ) from cause
    return {}


def _front_matter(text: str) -> str | None:
    if not text.startswith("---"):
        return None
    lines = text.split("\n", _MAX_LINES + 1)
    if lines[0].rstrip() != "---":
        return None
    for end, line in enumerate(lines[1:_MAX_LINES], start=1):
        if line.rstrip() in {"---", "..."}:
            return "\n".join(lines[1:end])
    if len(lines) > _MAX_LINES:
        _unreadable("\n".join(lines[1:_MAX_LINES]), None)  # it may go on beyond what is looked at
    return None


def _attributes(text: str) -> Mapping[str, object]:
    """`:name: value` lines before the first section's text."""
    fields: dict[str, object] = {}
    for line in text.split("\n", _MAX_LINES)[:_MAX_LINES]:
        if match := _ATTRIBUTE.match(line):
            fields.setdefault(_key(match[1]), match[2].strip())
        elif fields and not line.strip():
            break
    return fields


def plain(value: object) -> str:
    """A text, number or truth value in one line; empty for anything else.

    What lists and mappings hold may be endless, as YAML lets them hold one another.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return ""
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _key(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())
