"""One snippet, read from YAML; whatever is wrong with it is said with its file and id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import cast

import yaml

from ..languages import Language, named

_FIELDS = frozenset({"id", "ask", "code", "note", "placeholders"})
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLOT = re.compile(r"<<([a-z][a-z0-9_]*)>>")
_MIN_ASKS = 2


class SnippetError(ValueError):
    """A snippet file is not as it must be; the message names the file and the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A checked piece of code and how people ask for it.

    Attributes:
        snippet_id: Unique in its language, words with hyphens.
        ask: Phrasings, two at least; `<<name>>` stands where a value is said.
        code: With `<<name>>` where a value goes.
        note: What to know before using it, one sentence; may be empty.
        placeholders: An example for every name; the code with them is valid.
    """

    snippet_id: str
    language: Language
    ask: tuple[str, ...]
    code: str
    note: str
    placeholders: Mapping[str, str]

    @property
    def name(self) -> str:
        """Language and id, as it is shown."""
        return f"{self.language.value}/{self.snippet_id}"

    def filled(self, values: Mapping[str, str]) -> str:
        """The code with values, and with the examples where none is given."""
        return SLOT.sub(lambda m: values.get(m[1], self.placeholders[m[1]]), self.code)


def read_snippets(path: Path) -> tuple[Snippet, ...]:
    """All snippets of a language's file; the file is named after the language.

    Raises:
        SnippetError: The file or an entry is not as it must be.
    """
    language = named(path.stem)
    if language is None:
        raise SnippetError(f"{path.name}: no language is called {path.stem}")
    try:
        loaded: object = yaml.load(path.read_text("utf-8"), Loader=_loader())  # noqa: S506 - a safe one
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise SnippetError(f"{path.name} cannot be read: {' '.join(str(exc).split())}") from exc
    if not isinstance(loaded, list):
        raise SnippetError(f"{path.name}: a list of entries is expected")
    found = tuple(
        _entry(item, language, f"{path.name}, entry {number}")
        for number, item in enumerate(cast("list[object]", loaded), 1)
    )
    ids = [each.snippet_id for each in found]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise SnippetError(f"{path.name}: the id {twice} stands twice")
    return found


def _loader() -> type[yaml.SafeLoader]:
    # The C loader is many times faster, where PyYAML was built with it.
    return cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _entry(item: object, language: Language, place: str) -> Snippet:
    if not isinstance(item, dict):
        raise SnippetError(f"{place}: a mapping is expected")
    fields = cast("dict[str, object]", item)
    unknown = sorted(set(fields) - _FIELDS)
    if unknown:
        raise SnippetError(f"{place}: unknown field {unknown[0]}")
    snippet_id = fields.get("id")
    if not isinstance(snippet_id, str) or not _ID.fullmatch(snippet_id):
        raise SnippetError(f"{place}: the id must be lower-case words with hyphens")
    place = f"{place} ({snippet_id})"
    snippet = Snippet(
        snippet_id=snippet_id,
        language=language,
        ask=_asks(fields.get("ask"), place),
        code=_text(fields.get("code"), "code", place).rstrip(),
        note=_text(fields.get("note", ""), "note", place),
        placeholders=_placeholders(fields.get("placeholders", {}), place),
    )
    _check_slots(snippet, place)
    return snippet


def _text(value: object, name: str, place: str) -> str:
    if not isinstance(value, str) or (name == "code" and not value.strip()):
        raise SnippetError(f"{place}: {name} must be a text")
    return value


def _asks(value: object, place: str) -> tuple[str, ...]:
    asks = cast("list[object]", value) if isinstance(value, list) else []
    if len(asks) < _MIN_ASKS or not all(isinstance(ask, str) and ask.strip() for ask in asks):
        raise SnippetError(f"{place}: ask must be a list of at least {_MIN_ASKS} phrasings")
    return tuple(str(ask) for ask in asks)


def _placeholders(value: object, place: str) -> Mapping[str, str]:
    fields = cast("dict[object, object]", value) if isinstance(value, dict) else None
    if fields is None or not all(isinstance(v, str) and v for v in fields.values()):
        raise SnippetError(f"{place}: placeholders must map names to texts; quote numbers")
    return MappingProxyType({str(name): str(example) for name, example in fields.items()})


def _check_slots(snippet: Snippet, place: str) -> None:
    used = set(SLOT.findall(snippet.code))
    declared = set(snippet.placeholders)
    if used != declared:
        wrong = ", ".join(sorted(used ^ declared))
        raise SnippetError(f"{place}: declared and used placeholders differ: {wrong}")
    for ask in snippet.ask:
        strangers = set(SLOT.findall(ask)) - declared
        if strangers:
            raise SnippetError(f"{place}: ask names {', '.join(sorted(strangers))}, the code not")
