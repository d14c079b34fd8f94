"""Are the names of the request in the code, and none of an example's in their place?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .draft import Task
from .languages import Language
from .snippets.values import shape_of, values_in

# Numbers and times may be written in another unit; names, places and texts may not.
_VERBATIM = frozenset({"url", "address", "path", "dotted", "image", "name"})
_WORD_LIKE = frozenset({*_VERBATIM, "word"})
# There a request's words are what the code is about, not what stands in it.
_DESCRIBED = frozenset({Language.REGEX, Language.PYTHON, Language.OTHER})
_MIN_CHARS = 3
_TEMPLATE_TOKEN = re.compile(r"<\|[^|>]*\|>")
# Acronyms, compounds such as "Build-Argument", and what has no letters.
_PROSE = re.compile(r"[A-Z][A-Z0-9]+|[A-Z][a-zäöüß]*(?:-[A-Za-zäöüß]+)+|[^A-Za-z]+")


def names_missed(task: Task, code: str) -> tuple[str, ...]:
    """Doubts about valid code: what the task names and the code lacks, what only an example has."""
    if task.earlier or task.language in _DESCRIBED:
        return ()
    return (*_copied(task, code), *_lost(task, code))


def _lost(task: Task, code: str) -> Iterator[str]:
    folded = code.casefold().replace("\\", "")
    text = _TEMPLATE_TOKEN.sub(" ", task.text)
    named = [each.text for each in values_in(text, task.language) if each.shape in _VERBATIM]
    if task.language.is_sql:
        # A column may stand without its table.
        named = [text.rpartition(".")[2] for text in named]
    lost = [text for text in named if not _PROSE.fullmatch(text) and not _is_in(text, folded)]
    if lost:
        yield f"the task names {', '.join(lost)}, which the code does not have"


def _copied(task: Task, code: str) -> Iterator[str]:
    said = "\n".join((task.text, *task.notes)).casefold()  # a documented name is no copy
    for match in task.examples:
        for name, value in match.snippet.placeholders.items():
            ours = match.filling.values.get(name)
            if ours == value or shape_of(value) not in _WORD_LIKE or len(value) < _MIN_CHARS:
                continue
            if (
                re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", code)
                and value.casefold() not in said
            ):
                yield f"{value} is an example's {name}: use what the task says, or leave it out"


def _is_in(value: str, folded: str) -> bool:
    """Whether a name stands in the code, whole or with its host, port or tag apart."""
    parts = [part for part in re.split(r"[:/]+", value.casefold().rstrip("/.")) if part]
    return all(part in folded for part in parts)
