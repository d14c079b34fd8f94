"""Whether a text is English, the one language that the embedding model has learned well."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:[-._/]\w+)*")
_OTHER_LETTERS = re.compile(r"[äöüßáéíóúñ¿¡\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", re.IGNORECASE)
_GERMAN = (
    "der die das den dem des ein eine einen einem ist sind war wird werden hat haben und oder nicht "
    "kein keine mir mich uns wir ich du dir sie er wie wer wo was wann warum wieso welche welcher mit "
    "von vom zum zur auf aus bei beim nach seit bitte mal noch schon nur jeden jede jeder ab bis um "
    "kann kannst darf muss soll läuft neu heute gestern morgen zeig schick gib mach wenn dass für"
)
_SPANISH = (
    "el la los las un una unos unas es son está y o que de del al en con por para sin se su mi tu me "
    "nos lo le qué cómo quién cuál cuándo dónde hay más pero como si ya hoy ayer cada todos todas "
    "puedes dame haz pon favor gracias desde hasta este esta eso hola"
)
_FOREIGN = frozenset(f"{_GERMAN} {_SPANISH}".split()) - {
    "die", "war", "was", "wo", "me", "so", "in", "es", "si", "pon", "er", "um", "del", "son",
}  # fmt: skip
_MIN_SHARE = 0.25
_WORDS_PER_LETTER = 8


def is_english(text: str) -> bool:
    """Whether a text is most likely English; a single foreign name in a long one does not decide."""
    n_letters = len(_OTHER_LETTERS.findall(text))
    words = [word.lower() for word in _WORD.findall(text)]
    if n_letters and n_letters * _WORDS_PER_LETTER > len(words):
        return False
    n_foreign = sum(word in _FOREIGN for word in words)
    return n_foreign < max(1, _MIN_SHARE * len(words))
