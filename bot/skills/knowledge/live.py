"""Whether a question asks how things stand at this moment, which no document knows. Pure."""

from __future__ import annotations

import re

_NOW = re.compile(
    r"\b(?:right now|atm|at the moment|currently|at present|tonight|today|this (?:morning|evening|week)"
    r"|gerade|aktuell|momentan|heute|derzeit|actuellement|en ce moment|aujourd'hui"
    r"|ahora mismo|actualmente|hoy)\b|现在|今晚|今天|現在|今夜|今日",
    re.IGNORECASE,
)
_ASKS_STATE = re.compile(
    r"\b(?:who|whose|which|how many|how much|what (?:version|is the (?:current|state|status))"
    r"|wer|welche[rsn]?|wie ?viele|qui|quelle?s?|combien|quién|cuál|cuánt[oa]s?)\b|谁|哪|几|多少|誰|どの",
    re.IGNORECASE,
)
_ASKS_HOW = re.compile(r"\bhow (?:do|can|to|should|would)\b|怎么|如何|どうやって", re.IGNORECASE)
_HAPPENS = re.compile(
    r"\b(?:alerts?|errors?|fail\w*|stuck|blocks?|blocked|broken|slow|crash\w*)\b", re.IGNORECASE
)
_SAYS_WHERE_TO_LOOK = re.compile(
    r"\b(?:rota|rotas|roster|schedules?|on-?call|dashboards?|calendar)\b", re.IGNORECASE
)


def asks_for_now(question: str) -> bool:
    """Who, which or how many there are now; a problem that happens now is none of these."""
    asks = _NOW.search(question) and _ASKS_STATE.search(question)
    about_more = _ASKS_HOW.search(question) or _HAPPENS.search(question)
    return bool(asks) and not about_more


def says_where_to_look(text: str) -> bool:
    """Whether a text names the place where the state of the moment is kept."""
    return bool(_SAYS_WHERE_TO_LOOK.search(text))
