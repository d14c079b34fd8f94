"""Words of a text as what their forms have in common: "expires" and "expired" are one stem."""

from __future__ import annotations

import re
from collections.abc import Callable

import snowballstemmer

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*|\b[45](?:[0-9]{2}|xx)(?=s?\b)")
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*")
_NOT_MEANT = re.compile(r"\bhow (?:many|much)\b|\bwithout (?:an? |the |any )?\w+", re.IGNORECASE)
_HOST = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*-[0-9]+\b")
_STOP = frozenset(
    _WORD.findall("""
    a about after again also am an and any are as at be been before but by can cannot could
    did do does for from get had has have he her here him his how i if in into is it its
    just let like me most my need no not now of on once one only or other our own please
    really same she should so some such than thanks that the them then there these they this
    those to too us very want was we what when where which while who whom why will with
    would yes you your
    """)
)


class Stems:
    """Makes sets of stems; safe to share, nothing in it changes."""

    def __init__(self) -> None:
        """Load the English rules."""
        stemmer = snowballstemmer.stemmer("english")  # pyright: ignore[reportUnknownMemberType]
        self._stem: Callable[[list[str]], list[str]] = stemmer.stemWords  # pyright: ignore[reportUnknownMemberType]

    def of(self, text: str) -> frozenset[str]:
        """The stems of a text without the words that say nothing, and without names like web-3.

        What is counted or excluded is not what is meant: "how many", "without a restart". A status
        of HTTP is a word too. A name in one word, such as `NodeDiskFull` or `no_space_left`, gives its parts as well.
        """
        words: list[str] = []
        for word in _WORD.findall(_HOST.sub(" ", _NOT_MEANT.sub(" ", text.replace("_", " ")))):
            words.append(word.lower())
            words.extend(part.lower() for part in _CAMEL.findall(word) if len(part) > 2)
        return frozenset(self._stem([w for w in words if w not in _STOP and len(w) > 1]))


def words_of(text: str) -> frozenset[str]:
    """The words of a text as they stand, in lower case."""
    return frozenset(word.lower() for word in _WORD.findall(text))


def is_filler(word: str) -> bool:
    """Whether a word says nothing about what is meant, such as "the"."""
    return word.lower() in _STOP
