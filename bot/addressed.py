"""Which paragraphs of a document speak to machines. Pure.

A document is written for people. A paragraph that tells "assistants" or "bots" what to answer is no
evidence for anything: it is shown where it stands, and kept out of what a model reads.
"""

from __future__ import annotations

import re

_MACHINE = (
    r"(?:AI|A\.I\.|LLMs?|(?:large )?language models?|(?:AI|chat|virtual)?[ -]?(?:assistants?|bots?)"
    r"|chatbots?|copilots?|AI agents?|Assistent(?:en|in)?|KI|asistentes?|IA|modèles? de langage)"
)
_ORDERED = (
    r"(?:must|should|shall|may now|please|will now|answers?|repl(?:y|ies)|responds?|says?|writes?"
    r"|outputs?|prints?|tells?|quotes?|gives?|ignores?|omits?|appends?|mentions?|repeats?|reveals?"
    r"|claims?|confirms?|pretends?|acts? as|muss|müssen|soll(?:en)?|antworte\w*|debe[ns]?|responde\w*"
    r"|doi(?:t|vent)|répond\w*)"
)
_ORDERS = re.compile(
    rf"(?:^|[.!?:;(\[\]>*#\-]\s*)(?:(?:note|dear|hey|attention|hint|message|instructions?)\s+)?"
    rf"(?:(?:for|to|an|für|para|pour)\s+)?(?:the |all |any |every |die |alle |los |les )?{_MACHINE}"
    rf"(?: (?:that|who|which) [^.:;\n]{{1,60}}?)?\s*[:,—-]"
    rf"|\b(?:for|to)\s+(?:the |all |any )?(?:AI|LLMs?|language models?|bots|assistants|chatbots)\b\s*[:,]"
    rf"|\b(?:the |all |any )?{_MACHINE}\s+{_ORDERED}\b"
    r"|\b(?:ignore|disregard|forget|override)\s+(?:all |any |the |your |previous |prior |above )+"
    r"(?:instructions?|rules?|prompts?|messages?|context)"
    r"|\b(?:system|developer)\s+(?:prompt|message)\s*:|\bnew\s+(?:system|developer)\s+(?:prompt|message)"
    r"|\byou are now (?:an? |in |the )?(?:\w+ )?(?:mode|assistant|bot|model|AI|persona)\b|\bfrom now on,? you\b|\bdear (?:model|assistant|bot)\b"
    r"|アシスタント|(?:请|對|对|致)?(?:助手|机器人|機器人|大模型|语言模型)(?:请|必须|应|:|:|,|,|直接|回复|回答)",
    re.IGNORECASE | re.MULTILINE,
)
_PARAGRAPHS = re.compile(r"(\n\s*\n)")


def speaks_to_machines(paragraph: str) -> bool:
    """Whether a paragraph gives orders to whatever software reads it."""
    return _ORDERS.search(paragraph) is not None


def for_people(text: str) -> str:
    """A text without the paragraphs that speak to machines; empty when none is left."""
    pieces = _PARAGRAPHS.split(text)
    kept = [
        paragraph + gap
        for paragraph, gap in zip(pieces[::2], [*pieces[1::2], ""], strict=True)
        if not speaks_to_machines(paragraph)
    ]
    return "".join(kept).strip()
