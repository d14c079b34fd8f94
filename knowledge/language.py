"""Which language a question is asked in, as far as that matters for finding English documents."""

from __future__ import annotations

import re
from enum import StrEnum

_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\uac00-\ud7af]")


class Language(StrEnum):
    """A language a question can be in."""

    CHINESE = "zh"
    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"
    JAPANESE = "ja"
    OTHER = "other"
    SPANISH = "es"


_GERMAN = """
aber alle als am an auch auf aus bei beim das dass dem den der des die doch ein eine einen einer
eines er es für gibt habe haben hat hinter ich ihr im in ist ja kann kein keine können läuft man
mehr mit muss müssen nach nicht noch nur ob oder schon sein seit sich sie sind so über um und uns
unser unsere vom von vor war warum was welche welcher wenn werden wie wieso wieviele wir wird wo
wohin wurde zu zum zur
"""
_SPANISH = """
al algo ante aún cada como cómo con cual cuál cuando cuándo de del desde donde dónde durante el
ella en entre es esta está estamos están este esto fue ha hace hacer hacia hago han hasta hay la
las le les lo los mas más me mi muy nada ni no nos nuestro nuestra o otra otro para pasa pero poco
por porque puede puedo que qué quién se sea ser si sí sin sobre solo son su sus también te tengo
tiene toca tras tu un una unos y ya debo demás
"""
_FRENCH = """
à au aux avec car combien comment ce ces cet cette comme d dans de depuis des dois du elle en encore entre est et
être fait faut il ils je l la le les leur lors ma mais me mes moi mon même n ne nos notre nous on
ont ou où par pas pendant peu plus pour pourquoi qu quand que quel quelle quels qui quoi s sa sans
se ses si son sont sous sur ta tous tout toute très trop tu un une vers vos votre vous y
"""
STOP_WORDS = {
    Language.GERMAN: frozenset(_GERMAN.split()),
    Language.SPANISH: frozenset(_SPANISH.split()),
    Language.FRENCH: frozenset(_FRENCH.split()),
}
"""Words of a language that say nothing about what a text is about."""

_ENGLISH_TEXT = """
a an and are as at be but by can cant did do does for from get has have how i if in is it its
my no not now of off on one or our should so still that the their them then there they this to
up us was we what when where which who why will with you
"""
ENGLISH_WORDS = frozenset(_ENGLISH_TEXT.split())
"""Small words of English; one that another language has too does not tell it."""


_LETTERS = {
    Language.GERMAN: frozenset("äöüß"),
    Language.SPANISH: frozenset("ñóíúá¿¡"),
    Language.FRENCH: frozenset("èêçœàùâîûë"),
}
_MIN_POINTS = 3


def language_of(text: str) -> Language:
    """The language by script, letters and small words; English when nothing tells.

    A small word counts only when English does not have it too, so that an English question with a
    name in it stays English; it counts double when no other language has it.
    """
    if _KANA.search(text):
        return Language.JAPANESE
    if _HAN.search(text):
        return Language.CHINESE
    if _OTHER_SCRIPT.search(text):
        return Language.OTHER
    words = [word.lower() for word in _WORD.findall(text) if len(word) > 1]
    points = {language: _points(language, text, words) for language in STOP_WORDS}
    best = max(points, key=lambda language: points[language])
    n_english = 2 * sum(word in ENGLISH_WORDS for word in words)
    return best if points[best] >= max(_MIN_POINTS, n_english) else Language.ENGLISH


def _points(language: Language, text: str, words: list[str]) -> int:
    own = STOP_WORDS[language] - ENGLISH_WORDS
    others = frozenset[str]().union(*(STOP_WORDS[one] for one in STOP_WORDS if one is not language))
    of_words = sum(1 if word in others else 2 for word in words if word in own)
    return of_words + 2 * len(_LETTERS[language] & set(text.lower()))
