"""Questions in other languages into English search words, by a table of words of operations.

No grammar is attempted: what comes out is a handful of English words in the question's order, which
is what both rankings need. Names and everything else in Latin letters stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from importlib import resources

from snowballstemmer.french_stemmer import FrenchStemmer
from snowballstemmer.german_stemmer import GermanStemmer
from snowballstemmer.spanish_stemmer import SpanishStemmer

from .language import STOP_WORDS, Language, language_of

_LATIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/%+=@#-]*")
_WORD = re.compile(r"\w+(?:[.:/_@#%+-]+\w+)*")
_STEMMERS = {
    Language.GERMAN: GermanStemmer,
    Language.SPANISH: SpanishStemmer,
    Language.FRENCH: FrenchStemmer,
}
_LONGEST_PHRASE = 4
_SHORTEST_IN_COMPOUND = 5


def in_english(question: str) -> str:
    """English words for a question in another language; empty when nothing of it is known.

    Empty also for an English question, and for a language without a table.
    """
    language = language_of(question)
    if language in (Language.CHINESE, Language.JAPANESE):
        words = list(_by_characters(question, _table(language)))
    elif language in _STEMMERS:
        words = list(_by_words(question, language))
    else:
        return ""
    return " ".join(dict.fromkeys(words))


@cache
def _table(language: Language) -> Mapping[str, str]:
    """Foreign word (or its stems, joined by spaces) -> English words."""
    file = resources.files(__package__ or "knowledge") / "glossaries" / f"{language.value}.txt"
    table: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        english, _, foreign = line.partition(":")
        if not line.startswith("#"):
            table |= {_key(word, language): english.strip() for word in _entries(foreign, language)}
    return table


def _entries(foreign: str, language: Language) -> list[str]:
    separator = "," if language in _STEMMERS else None
    return [word.strip() for word in foreign.split(separator) if word.strip()]


def _key(word: str, language: Language) -> str:
    if language not in _STEMMERS:
        return word
    return " ".join(_stem(part, language) for part in _WORD.findall(word))


def _by_characters(question: str, table: Mapping[str, str]) -> Iterator[str]:
    """Longest match first, from left to right; characters of no known word are passed over."""
    longest = max(map(len, table))
    at = 0
    while at < len(question):
        latin = _LATIN.match(question, at)
        if latin:
            yield latin[0]
            at = latin.end()
            continue
        sizes = range(min(longest, len(question) - at), 0, -1)
        size = next((n for n in sizes if question[at : at + n] in table), 0)
        if size:
            yield from table[question[at : at + size]].split()
        at += size or 1


def _by_words(question: str, language: Language) -> Iterator[str]:
    """Longest phrase first; an unknown word stays, as it is often English or a name."""
    table, small = _table(language), STOP_WORDS[language]
    words = _WORD.findall(question)
    stems = [_key(word, language) for word in words]
    at = 0
    while at < len(words):
        sizes = range(min(_LONGEST_PHRASE, len(words) - at), 0, -1)
        size = next((n for n in sizes if " ".join(stems[at : at + n]) in table), 0)
        if size:
            yield from table[" ".join(stems[at : at + size])].split()
        else:
            yield from _word(words[at], stems[at], small, table)
        at += size or 1


def _word(word: str, stem: str, small: AbstractSet[str], table: Mapping[str, str]) -> Iterator[str]:
    """An unknown word as it is; a compound as the words known in it."""
    if word.lower() in small:
        return
    parts = [key for key in table if len(key) >= _SHORTEST_IN_COMPOUND and key in stem]
    if not word.isalpha() or not parts:
        yield word
    for part in sorted(parts, key=stem.index):
        if not any(part in other and part != other for other in parts):
            yield from table[part].split()


@lru_cache(maxsize=4096)
def _stem(word: str, language: Language) -> str:
    # NOTE: a stemmer object keeps state while it works, so threads must not share one.
    return str(_STEMMERS[language]().stemWord(word.lower()))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
