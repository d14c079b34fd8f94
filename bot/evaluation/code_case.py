"""The cases of the code evaluation: what is asked, and what the answer must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from bot.skills.code.languages import Language, named

CASES_FOLDER = Path(__file__).with_name("code_cases")
_FIELDS = {"id", "ask", "check", "right", "wrong"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCase:
    """One request.

    Attributes:
        case_id: Unique in its language.
        check: What the language's checker reads.
        right: A correct answer, to check the checker with.
        wrong: A valid answer that does something else.
    """

    case_id: str
    language: Language
    ask: str
    check: Mapping[str, Any]
    right: str
    wrong: str

    @property
    def name(self) -> str:
        """Language and id."""
        return f"{self.language.value}/{self.case_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a checker found.

    Attributes:
        passed: None where nothing here can execute the answer.
        reason: Why it did not pass; empty when it did.
    """

    passed: bool | None
    reason: str = ""


def read_cases(folder: Path = CASES_FOLDER) -> tuple[CodeCase, ...]:
    """All cases, one file per language.

    Raises:
        ValueError: A file or case is not as it must be; the message names it.
        OSError: A file cannot be read.
    """
    found = tuple(case for path in sorted(folder.glob("*.yaml")) for case in _read(path))
    if not found:
        raise ValueError(f"{folder} has no cases")
    names = [case.name for case in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the case {twice} stands twice")
    return found


def _read(path: Path) -> list[CodeCase]:
    language = named(path.stem)
    try:
        loaded: object = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as exc:
        raise ValueError(f"{path.name} cannot be read: {' '.join(str(exc).split())}") from exc
    if language is None or not isinstance(loaded, list):
        raise ValueError(f"{path.name} must be named after a language and hold a list")
    items = enumerate(cast("list[object]", loaded), 1)
    return [_case(item, language, f"{path.name}, case {number}") for number, item in items]


def _case(item: object, language: Language, place: str) -> CodeCase:
    fields = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
    if set(fields) != _FIELDS or not isinstance(fields["check"], dict):
        raise ValueError(f"{place}: a case has {', '.join(sorted(_FIELDS))}")
    return CodeCase(
        case_id=str(fields["id"]),
        language=language,
        ask=str(fields["ask"]),
        check=cast("dict[str, Any]", fields["check"]),
        right=str(fields["right"]).rstrip(),
        wrong=str(fields["wrong"]).rstrip(),
    )
