"""What in a request could be the value of a parameter, and the grammar that allows nothing else.

Pure. A model that answers in this grammar cannot write a value that is not in the request, nor one
that the parameter refuses, nor a parameter that is not declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runbooks.schema import Parameter, ParameterType, Runbook
from runbooks.stems import is_filler, words_of

from ..grammar import literal, one_of
from .values import fault

UNKNOWN = "unknown"
_MAX_CANDIDATES = 40
_MAX_CHARS = 6000
_MIN_ABBREVIATION = 3
_QUOTED = re.compile(r"`([^`\n]{1,200})`|\"([^\"\n]{1,200})\"|'([^'\n]{1,200})'")
_TOKEN = re.compile(r"\S{1,200}")
_AROUND = ".,;:!?()[]{}<>*_\"'`"


def candidates(parameter: Parameter, runbook: Runbook, text: str) -> tuple[str, ...]:
    """The pieces of a text that the parameter would take, in order, each once.

    Args:
        runbook: The words of its title and of the parameter's name are no values.
    """
    head = text[:_MAX_CHARS]
    if parameter.choices:
        choices = (str(each) for each in parameter.choices)
        return tuple(each for each in choices if each != UNKNOWN and _is_hinted(each, head))
    if parameter.type is ParameterType.BOOLEAN:
        return ()
    own = words_of(runbook.title) | words_of(parameter.name.replace("_", " "))
    pieces = (piece for piece in _pieces(head) if piece != UNKNOWN)
    good = (piece for piece in pieces if not _is_word(piece, own) and not fault(parameter, piece))
    return tuple(dict.fromkeys(good))[:_MAX_CANDIDATES]


def form_grammar(fields: Mapping[str, tuple[str, ...]]) -> str:
    """The grammar of a filled form, one line for each parameter.

    Args:
        fields: Parameter -> its candidates; at least one parameter.
    """
    names = list(fields)
    lines = [f"{literal(f'{name}: ')} value-{n}" for n, name in enumerate(names)]
    root = f"root ::= {(' ' + literal(chr(10)) + ' ').join(lines)}"
    rules = [f"value-{n} ::= {one_of((*fields[name], UNKNOWN))}" for n, name in enumerate(names)]
    return "\n".join((root, *rules, ""))


def read_form(answer: str, fields: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    """The values of a filled form: only those that are candidates, whatever wrote the answer."""
    values: dict[str, str] = {}
    for line in answer.splitlines():
        name, _, value = line.partition(": ")
        if value.strip() in fields.get(name, ()):
            values.setdefault(name, value.strip())
    return values


def _pieces(text: str) -> Iterator[str]:
    for match in _QUOTED.finditer(text):
        yield next(piece for piece in match.groups() if piece is not None).strip()
    for match in _TOKEN.finditer(text):
        token = match.group().strip(_AROUND)
        yield token
        yield token.removesuffix("'s")
        yield from (part.strip(_AROUND) for part in re.split(r"[=,;]", token))


def _is_word(piece: str, own: frozenset[str]) -> bool:
    """Whether it is only language: a word that says nothing, or one of the runbook's own."""
    return not piece or is_filler(piece) or piece.lower() in own


def _is_hinted(choice: str, text: str) -> bool:
    """Whether a word of the text is the choice, or shortens it: "prod" for "production"."""
    full = choice.lower()
    return any(
        word == full or (len(word) >= _MIN_ABBREVIATION and full.startswith(word))
        for word in re.findall(r"[\w-]+", text.lower())
    )
