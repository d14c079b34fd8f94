"""What people do to sentences: typos, no capitals, greetings before and haste after."""

from __future__ import annotations

from random import Random

_TYPO_SHARE = 0.08
_OPENING_SHARE = 0.1
_CLOSING_SHARE = 0.07
_CASE_SHARE = 0.25
_OPENINGS = {
    "en": (
        "hey, ",
        "quick one: ",
        "hi opsbot, ",
        "@opsbot ",
        "morning! ",
        "so, ",
        "ok ",
        "sorry to bother, ",
        "fyi we had an incident. ",
        "for the record: ",
        "urgent: ",
        "hmm, ",
        "question: ",
        "next thing: ",
        "btw ",
    ),
    "zh": ("你好,", "请问", "@opsbot ", "大家好,", "急:", "麻烦看下,"),
    "es": ("hola, ", "oye, ", "una cosa: ", "buenas, "),
    "de": ("hallo, ", "kurze Frage: ", "hi, ", "du, "),
    "ja": ("すみません、", "お疲れ様です。", "@opsbot "),
}
_CLOSINGS = {
    "en": (
        " thanks",
        " please",
        " asap",
        ", thx",
        " (for maya)",
        " - anyone?",
        " pls",
        " ta",
        "...",
    ),
    "zh": (",谢谢", ",急", "。"),
    "es": (", gracias", " por favor", "."),
    "de": (", danke", " bitte", "."),
    "ja": ("。", "、お願いします。"),
}


def roughen(text: str, language: str, random: Random, *, is_chat: bool) -> str:
    """A text as somebody in a hurry may have written it; often unchanged.

    Args:
        is_chat: Nothing is put before or after, because small talk plus haste is something else.
    """
    if not is_chat and "\n" not in text:
        if random.random() < _OPENING_SHARE:
            text = random.choice(_OPENINGS[language]) + text
        if random.random() < _CLOSING_SHARE:
            text = text.rstrip("?!. ") + random.choice(_CLOSINGS[language])
    roll = random.random()
    if roll < _CASE_SHARE / 2:
        text = text[:1].upper() + text[1:]
    elif roll < _CASE_SHARE:
        text = text.lower()
    if "\n" not in text and random.random() < _TYPO_SHARE:
        text = _mistyped(text, random)
    return text


def _mistyped(text: str, random: Random) -> str:
    """Two letters change places, one is missing, or one is there twice."""
    spots = [i for i in range(1, len(text) - 2) if text[i].isascii() and text[i : i + 2].isalpha()]
    if not spots:
        return text
    at, kind = random.choice(spots), random.randrange(3)
    middle = (text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1])[kind]
    return text[:at] + middle + text[at + 2 :]
