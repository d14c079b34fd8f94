"""What a request looks like, whatever it is about: times, hosts, questions, pasted lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

_WEEKDAYS = (
    r"mon(?:day)?s?|tue(?:s|sday)?s?|wed(?:nesday|s)?s?|thu(?:r|rs|rsday)?s?|fri(?:day)?s?|"
    r"sat(?:urday)?s?|sun(?:day)?s?|weekdays?|weekends?|montag|dienstag|mittwoch|donnerstag|"
    r"freitag|lunes|martes|miércoles|jueves|viernes"
)
_RECURRING = (
    r"every|each|daily|weekly|hourly|monthly|nightly|biweekly|fortnight(?:ly)?|quarterly|"
    r"once an? (?:day|week|month|hour)|twice an? \w+|per week|jede\w*|täglich|cada|diari\w+"
)
_LATER = (
    r"tomorrow|tonight|next (?:week|month|\w+day)|in \d+ (?:min|hour|day|week)\w*|until|"
    r"from now on|mañana|morgen"
)
_PAST = (
    r"yesterday|last (?:night|hour|week|\d+)|past (?:hour|day|\d+)|since|ago|today|so far|"
    r"overnight|heute|gestern|hoy|ayer"
)
_ASKING = (
    r"how|what|where|who|when|which|why|is|are|do|does|can|wie|wer|wo|was|wann|cómo|quién|qué|dónde"
)
_ASKING_CJK = r"吗|呢|多少|多久|什么|哪|谁|どこ|何|誰|ですか"
_CLOCK_CJK = r"[零一二两三四五六七八九十\d]+[点时時]"
_PASTED_START = r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d+ \d\d:\d\d"

_PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "clock": rf"\b\d{{1,2}}[:h]\d\d\b(?!:)|\b\d{{1,2}} ?(?:am|pm|uhr|o'?clock)\b|{_CLOCK_CJK}",
        "weekday": rf"\b(?:{_WEEKDAYS})\b|周[一二三四五六日末]|星期|[月火水木金土日]曜",
        "recurring": rf"\b(?:{_RECURRING})\b|每|隔|毎",
        "later": rf"\b(?:{_LATER})\b|明天|下周|明日|稍后",
        "past": rf"\b(?:{_PAST})\b|昨|今天|最近|刚才|刚刚|之前|今朝",
        "host": r"\b[a-z]+(?:-[a-z0-9]+)*-\d+\b",
        "number": r"(?:#|\b(?:no\.?|nr|run|proposal|id) ?)\d+\b|第\s?\d+",
        "bare number": r"(?<![\w.:#-])\d{2,4}(?![\w:.%-]|\s*(?:am|pm|min|hours?|days?|times|replicas|pods))",
        "code": r"```|\$\(|\$\w|\w\(\)|=~|[|] ?\w+|\b(?:SELECT|FROM|WHERE)\b|--?\w+ -|\{\{|=>|&&",
        "tag": r"(?<!\w)@\w+",
        "past tense": r"\b(?:did|was|were|had|has|have|went|got|gave|said|saw|came|\w{3,}ed)\b",
        "going on": r"\b(?:is|are|am|'re|'s) (?:\w+ )?\w{3,}ing\b|\b(?:keeps?|still|again|right now)\b",
        "article": r"^\W*(?:the|a|an|this|that|these|my|your|our)\b",
        "pasted": rf"^\W*(?:{_PASTED_START})|\n.+\n",
        "level": r"\b(?:ERROR|WARN|WARNING|FATAL|INFO|DEBUG|CRITICAL|panic)\b",
        "quoted": r"`[^`]+`|\"[^\"]+\"|「[^」]+」|“[^”]+”",
        "question": rf"[?\uff1f]\s*$|^\W*(?:{_ASKING})\b|{_ASKING_CJK}",
        "how": r"^\W*(?:so |and )?how\b|\bhow (?:do|to|should)\b|怎么|如何|cómo|\bwie\b|どうやって",
        "why": r"\bwhy\b|为什么|为啥|por qué|\bwarum\b|wieso|なぜ",
        "who": r"\bwho(?:se|m)?\b|谁|\bwer\b|quién|誰",
        "we": r"\b(?:we|our|us)\b|我们|\bwir\b|\bunser\w*|nuestr\w+",
        "you": r"\b(?:you|your|u)\b|你",
        "here": r"\b(?:here|this channel|to #)|#[a-z]|这里|频道",
        "please": r"\b(?:please|pls|plz|bitte|por favor)\b|请|麻烦|帮我|ください|お願い",
    }
)
_SHAPES = tuple(
    (name, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for name, pattern in _PATTERNS.items()
)
_WORD = re.compile(r"[^\W\d_]+")
_SHORT_WORDS = 3
_LONG_WORDS = 14


def shapes(text: str) -> Iterator[str]:
    """Names of what is found, and the first word."""
    yield from (name for name, pattern in _SHAPES if pattern.search(text))
    words = _WORD.findall(text.lower())
    if words:
        yield f"first {words[0]}"
    if len(words) <= _SHORT_WORDS:
        yield "short"
    elif len(words) >= _LONG_WORDS:
        yield "wordy"
