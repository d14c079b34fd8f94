"""All runbooks there are: the builtin ones and those in the operator's folders."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from .errors import Fault, RunbookFileError, UnknownRunbookError
from .loader import load
from .loader_markdown import has_front_matter
from .matching import Choice, Match, Matcher
from .schema import MARKDOWN, Runbook

__all__ = ["Catalog", "Choice", "Match", "lint_path", "runbook_files"]

_SUFFIXES = (".yaml", ".yml", MARKDOWN)
RESULTS_SUFFIX = ".results.yaml"
"""How a file of recorded results is named; it is no runbook, and may stand beside one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Runbooks by name.

    Attributes:
        faults: What was wrong in files that are therefore not in the catalogue.
    """

    runbooks: Mapping[str, Runbook]
    faults: tuple[Fault, ...]
    matcher: Matcher

    @classmethod
    def load(cls, folders: Sequence[Path] = ()) -> Catalog:
        """Read the builtin runbooks and every YAML and Markdown file under the folders.

        An operator's runbook replaces a builtin one of the same name; two of the operator's with
        one name are a fault. A faulty file never keeps the others from loading.
        """
        faults: list[Fault] = []
        with as_file(files("runbooks") / "builtin") as builtin:
            runbooks = _read((builtin,), faults)
        runbooks.update(_read(folders, faults))
        ordered = dict(sorted(runbooks.items()))
        return cls(runbooks=ordered, faults=tuple(faults), matcher=Matcher(ordered.values()))

    @property
    def all(self) -> tuple[Runbook, ...]:
        """Every runbook, by name."""
        return tuple(self.runbooks.values())

    def get(self, name: str) -> Runbook:
        """Find a runbook.

        Raises:
            UnknownRunbookError: There is none; holds the names that look alike.
        """
        runbook = self.runbooks.get(name)
        if runbook is None:
            raise UnknownRunbookError(name, tuple(difflib.get_close_matches(name, self.runbooks)))
        return runbook

    def match(self, text: str, service: str | None = None, k: int = 3) -> tuple[Match, ...]:
        """Rank the runbooks that answer a question, a log excerpt or an alert.

        Args:
            service: The service it is about; prefers runbooks that name it.
            k: Most matches wanted.

        Returns:
            Best first; empty when nothing fits well enough.
        """
        return self.matcher.match(text, service, k)

    def choose(self, text: str, service: str | None = None, k: int = 4) -> Choice:
        """Rank as `match` does, and say whether the best is clearly the best."""
        return self.matcher.choose(text, service, k)

    def near(self, text: str, k: int = 4) -> tuple[Runbook, ...]:
        """Runbooks that share a telling word with a text that none answers, best first."""
        return self.matcher.near(text, k)


def runbook_files(folder: Path) -> Iterator[Path]:
    """YAML and Markdown files under a folder, in a stable order."""
    return (
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SUFFIXES and not path.name.endswith(RESULTS_SUFFIX)
    )


def is_prose(file: Path) -> bool:
    """Whether a Markdown file has no front matter: a text for people, and no runbook."""
    if file.suffix != MARKDOWN:
        return False
    try:
        with file.open("rb") as opened:
            return not has_front_matter(opened.read(8))
    except OSError:
        return False  # loading it says what is wrong


def lint_path(path: Path) -> tuple[tuple[Runbook, ...], tuple[Fault, ...]]:
    """Read one file, or every runbook file under a folder, and give what was good and what was not."""
    faults: list[Fault] = []
    runbooks = _read((path,), faults)
    return tuple(runbooks.values()), tuple(faults)


def _read(paths: Sequence[Path], faults: list[Fault]) -> dict[str, Runbook]:
    runbooks: dict[str, Runbook] = {}
    for file in _files(paths, faults):
        if is_prose(file):
            continue
        try:
            runbook = load(file)
        except RunbookFileError as exc:
            faults.extend(exc.faults)
            continue
        first = runbooks.setdefault(runbook.name, runbook)
        if first is not runbook:
            message = f"name {runbook.name!r} is already used by {first.source}"
            faults.append(Fault(path=file, line=1, message=message))
    return runbooks


def _files(paths: Sequence[Path], faults: list[Fault]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from runbook_files(path)
        elif path.is_file():
            yield path
        else:
            faults.append(Fault(path=path, line=1, message="there is no such file or folder"))
