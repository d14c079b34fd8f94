"""Which language a text is written in, from its script and its small words. Pure.

Meant for single questions: short, with English names and commands in the middle. What stands in
backticks does not count, and a text that says nothing about itself has the language of what was said
before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

ENGLISH = "en"
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]{2}")),
)
_SMALL_WORDS: Mapping[str, str] = {
    "en": (
        "the a an and or is are was were how what where who when why to of in on for with from by do "
        "does did not no we i our my can should it its this that at be you please show me last tell "
        "start end close incident timeline summary status update yes go ahead help list run"
    ),
    "de": (
        "der die das den dem des ein eine einen und oder ist sind wird werden wie was wo wer warum "
        "wann nicht noch nur auf für mit von zum zur im bei nach wenn wir ich unser brauche kann "
        "muss soll welche welcher welches läuft warum wieso gestern heute bitte zeig mach gibt seit "
        "beende starte vorfall zusammenfassung hilfe"
    ),
    "es": (
        "el la los las de un una unos y o es son está están cómo como qué que dónde quién cuándo por "
        "para con sin del al en no se me mi nuestro debo puedo hay cuál hacer ayer hoy muestra ayuda "
        "favor fallan falla incidente resumen"
    ),
    "fr": (
        "le la les un une des du de et ou est sont comment quoi que qui où quand pourquoi pour "
        "avec sans dans sur au aux ne pas nous on je notre quel quelle faire l'on hier"
    ),
    "pt": (
        "o os as de um uma e ou é são está estão como que onde quem quando por para com sem do da "
        "dos faço das no na não nós eu nosso devo posso qual fazer ontem"
    ),
    "it": (
        "il lo la i gli le un una e o è sono come che dove chi quando perché per con senza del "
        "della dei nel non si mi nostro devo posso quale fare ieri"
    ),
}
_TELLING: Mapping[str, str] = {
    "de": "warum wieso weshalb gestern heute bitte danke und hilfe vorfall ja mach nicht läuft",
    "es": "¿ ¡ ayer qué cómo cuándo dónde incidente resumen hazlo adelante sí ayuda gracias hola",
    "fr": "pourquoi hier aujourd'hui bonjour merci",
}
"""Words that say it alone, because no other of these languages has them."""

_WORDS = {name: frozenset(words.split()) for name, words in _SMALL_WORDS.items()}
_SURE = {name: frozenset(words.split()) for name, words in _TELLING.items()}
_WORD = re.compile(r"[¿¡]|[^\W\d_]+(?:'[^\W\d_]+)?")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LONGEST = 2000


def language_of(text: str, earlier: Iterable[str] = ()) -> str:
    """The language of a text as a two-letter code; English when nothing says otherwise.

    Args:
        earlier: What was said before, the newest first; the first that says what it is decides
            when the text does not.
    """
    for each in (text, *earlier):
        found = _language(_CODE.sub(" ", each[:_LONGEST]))
        if found:
            return found
    return ENGLISH


def _language(text: str) -> str:
    for language, script in _SCRIPTS:
        if script.search(text):
            return language
    words = [word.casefold() for word in _WORD.findall(text)]
    counts = {
        name: sum((word in small) + (word in _SURE.get(name, ())) for word in words)
        for name, small in _WORDS.items()
    }
    best = max(counts, key=counts.__getitem__)  # English stands first and wins what is even
    return best if counts[best] >= (1 if best == ENGLISH else 2) else ""
