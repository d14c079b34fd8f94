"""Orders about incidents in five languages; nothing but a whole text counts. Pure.

An order that says "incident" is one wherever it is said. The short ones ("timeline", "summary") are
orders only where an incident is open, so each says which sort it is.
"""

# ruff: noqa: RUF001 (punctuation of other scripts)
from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.skills.generation import as_data

MAX_TITLE_CHARS = 120
_MAX_TEXT_CHARS = 400
_POLITE = r"(?:(?:please|pls|can you|could you|bitte|por favor|请|帮我)[\s,，]*)*"
_END = r"(?:[\s,，]*(?:please|pls|thanks|bitte|danke|por favor|gracias|谢谢))?[\s.!?。！？]*"
_NOUN = r"(?:incident|vorfall|störung|incidente|故障|事件|事故|インシデント|障害)"
_THE = r"(?:(?:a|an|new|the|this|our|einen?|den|die|dies\w*|neuen?|un|el|este)\s+)*"
_TITLE = r"(?:(?:[\s:：,，\-–—]+)(\S.*?))?"
_COLON = r"\s*(?:[:：=]|\bis\b|\bist\b|\bes\b|是|は)\s*"


class Verb(StrEnum):
    """What is asked for."""

    START = "start"
    END = "end"
    TIMELINE = "timeline"
    SUMMARY = "summary"
    SEVERITY = "severity"
    COMMANDER = "commander"
    IMPACT = "impact"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOrder:
    """An order.

    Attributes:
        says_incident: Whether it can be meant only so.
        text: The title, the name, the number or what is to be noted.
    """

    verb: Verb
    says_incident: bool
    text: str = ""


_WORDINGS = {
    Verb.START: (
        rf"(?:start|open|declare|begin|create|starte|eröffne|beginne|inicia|iniciar|abre|abrir|"
        rf"empieza|declara|declarar) {_THE}{_NOUN}(?![\w'-]){_TITLE}"
        rf"|{_NOUN} (?:starten|eröffnen)(?!\w){_TITLE}"
        rf"|(?:开始|启动|开启|创建|宣布|新建)(?:一个|新的?)?{_NOUN}{_TITLE}"
        rf"|{_NOUN}を?(?:開始|始めて|宣言)(?:して(?:ください)?)?{_TITLE}"
    ),
    Verb.END: (
        rf"(?:end|close|resolve|finish|stop|beende|schließe|termina|terminar|cierra|cerrar|finaliza) "
        rf"{_THE}{_NOUN}|{_NOUN} (?:is )?(?:over|resolved|closed|beenden|schließen|ist vorbei)"
        rf"|the {_NOUN} is (?:over|resolved|closed)"
        rf"|(?:结束|关闭|解除)(?:这个|该|本次)?{_NOUN}|{_NOUN}(?:结束|已?解决)了?"
        rf"|{_NOUN}を?(?:終了|終わり|クローズ)(?:して(?:ください)?)?"
    ),
    Verb.TIMELINE: (
        rf"(?:show (?:me )?)?{_THE}(?:{_NOUN} )?(?:full )?timeline(?: of {_THE}{_NOUN})?"
        rf"|(?:zeige? (?:mir )?)?(?:die )?(?:zeitleiste|chronik|zeitachse)"
        rf"|(?:{_NOUN}(?:的)?)?(?:时间线|时间轴)|(?:muestra )?(?:la )?(?:cronología|línea de tiempo)"
        r"|タイムライン"
    ),
    Verb.SUMMARY: (
        rf"{_THE}(?:{_NOUN} |status )?(?:summary|status update|sitrep)(?: of {_THE}{_NOUN})?"
        rf"|summari[sz]e {_THE}{_NOUN}|{_NOUN} (?:status|update)"
        rf"|(?:(?:{_NOUN}s?-?)?zusammenfassung|lagebericht|statusbericht)(?: bitte)?"
        rf"|(?:{_NOUN}(?:的)?)?(?:总结|摘要|状态更新|进展汇报|情况汇报)|总结(?:一下)?(?:这个|本次)?{_NOUN}"
        rf"|resumen(?: del {_NOUN})?|(?:{_NOUN}の)?(?:要約|サマリー|状況報告)"
    ),
    Verb.SEVERITY: (
        rf"(?:set )?(?:{_NOUN} )?(?:sev(?:erity)?|schweregrad|severidad|严重(?:级别|程度|性)|重大度)"
        r"(?: to| auf| a| is| ist|为|是|は|[:：=-])?\s*([1-5])"
    ),
    Verb.COMMANDER: (
        rf"(?:{_NOUN}s? ?)?(?:commander|einsatzleit(?:er|ung)|leitung|responsable|指挥官?|负责人|指揮官?)"
        rf"(?:{_COLON}|\s+)@?([^\n]{{1,60}}?)"
    ),
    Verb.IMPACT: rf"(?:impact|auswirkung(?:en)?|impacto|影响|影響){_COLON}(\S.*?)",
    Verb.NOTE: r"(?:note|notiz|nota|记录|メモ)\s*[:：]\s*(\S.*?)",
}
_ORDERS = {
    verb: re.compile(f"{_POLITE}(?:{wordings}){_END}", re.IGNORECASE | re.DOTALL)
    for verb, wordings in _WORDINGS.items()
}
_SAYS_INCIDENT = re.compile(_NOUN, re.IGNORECASE)
_NO_TITLE = re.compile(
    r"^(?:response|management|runbooks?|process|polic|procedures?|reviews?|channel|ticket|reports?)\b",
    re.IGNORECASE,
)
_LONGEST = 600


def read_order(text: str) -> IncidentOrder | None:
    """The order that a text is, or None."""
    words = as_data(text).strip()
    if len(words) > _LONGEST:
        return None
    for verb, pattern in _ORDERS.items():
        match = pattern.fullmatch(words)
        if match is not None:
            return _order(verb, match)
    return None


def _order(verb: Verb, match: re.Match[str]) -> IncidentOrder | None:
    said = next((value for value in match.groups() if value), "")
    limit = MAX_TITLE_CHARS if verb is Verb.START else _MAX_TEXT_CHARS
    text = " ".join(said.split())[:limit].strip()
    if verb is Verb.START and _NO_TITLE.match(text):
        return None
    told = verb in {Verb.IMPACT, Verb.NOTE}
    says = not told and _SAYS_INCIDENT.search(match.group()) is not None
    return IncidentOrder(verb=verb, says_incident=says, text=text)
