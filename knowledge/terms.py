"""Text into search terms: words, parts of identifiers, and pairs of Chinese or Japanese characters.

The same rules cut documents, questions and answers, so their terms can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from snowballstemmer.english_stemmer import EnglishStemmer

_TOKEN = re.compile(
    r"[A-Za-z0-9]+(?:[_.:/-]+[A-Za-z0-9]+)*"  # words and identifiers
    r"|[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+"  # kana, Han, Hangul
    r"|[^\W\d_]+"  # words of other scripts
)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CAMEL = re.compile(r"[A-Z][a-z0-9]+[A-Z]|[a-z][A-Z]|[A-Z]{2,}[a-z]+[A-Z]")
_CODE = re.compile(r"[A-Z]{1,6}-?\d{3,}|0x[0-9A-Fa-f]+")
_SLACK_MARKUP = re.compile(r"<([@#!][^<>|]*|https?://[^<>|]*)(?:\|([^<>]*))?>")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")

_STOP_WORDS = """
a about after again all also am an and any are as at be because been before being but by can
cannot could did do does doing done during each else ever every few for from further get
gets getting go goes going got had has have having he her here hers him his how i if in into is
it its itself just keep keeps kind let like lot make makes many may maybe me might more most
much must my need needs no nor not now of off on once one only or other our ours out over own
please really same say says see seen she should since so some someone something still stuff such
tell than that the their them then there these they thing things this those though to too under
until up us use used uses using very via want was way we well went were what whats when where
which while who whom why will with within without would yes yet you your yours
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that say nothing about what a text is about."""


def strip_markup(text: str) -> str:
    """A chat message without mentions and link marks; a link's label is kept."""
    return _SLACK_MARKUP.sub(lambda match: match[2] or "", text)


def terms(text: str) -> list[str]:
    """The terms of a text in order, repeated as often as they occur.

    A plain word gives its stem; an identifier gives itself in lower case and the stems of its
    parts; a run of East Asian characters gives its pairs. Stop words give nothing.
    """
    return list(_terms(text))


def _terms(text: str) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        if _EAST_ASIAN.match(token):
            yield from _pairs(token)
            continue
        parts = _parts(token)
        if len(parts) > 1:
            yield token.lower()
        for part in parts:
            if part not in STOP_WORDS and (len(part) > 1 or part.isdigit()):
                yield stem(part)


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for first, second in pairwise(run):
        yield first + second


@lru_cache(maxsize=65536)
def _parts(token: str) -> tuple[str, ...]:
    if token.isalpha() and (token.islower() or not token.isascii()):
        return (token.lower(),)
    return tuple(part.lower() for part in _PART.findall(token)) or (token.lower(),)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The Snowball English stem of a lower-case word; other scripts are returned as they are."""
    # NOTE: a stemmer object keeps state while it works, so threads must not share one.
    if not word.isascii():
        return word
    return str(EnglishStemmer().stemWord(word))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def identifiers(text: str) -> tuple[str, ...]:
    """Names in a text that only a document about them would hold, in lower case, each once.

    CamelCase, snake_case, dotted and dashed names, paths, and codes such as SC2086 or 0x1f.
    """
    found = (token for token in _TOKEN.findall(text) if _is_identifier(token))
    return tuple(dict.fromkeys(token.lower() for token in found))


def _is_identifier(token: str) -> bool:
    if len(token) < 4 or not token.isascii():
        return False
    if _CAMEL.search(token) or _CODE.fullmatch(token):
        return True
    joined = re.search(r"[_.:/]", token) or token.count("-") >= 1
    return bool(joined) and any(character.isalpha() for character in token)
