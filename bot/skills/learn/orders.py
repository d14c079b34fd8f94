"""Whether a text asks to learn the thread it stands in; nothing but the whole text counts. Pure."""

from __future__ import annotations

import re

_ENGLISH = (
    r"(?:please |pls |can you |could you |now )*"
    r"(?:learn|remember|memori[sz]e|save|document)(?: (?:from|about))? (?:this|the|our) "
    r"(?:whole |entire )?(?:thread|incident|discussion|conversation)"
    r"(?: (?:for later|as (?:a )?knowledge|into the knowledge base|to the knowledge base))?"
    r"(?:,? ?(?:please|pls|thanks))?"
)
_GERMAN = (
    r"(?:bitte |kannst du |jetzt )*"
    r"(?:(?:lerne?|speichere?|dokumentiere?)(?: (?:bitte|aus))*|merke? dir(?: bitte)?) "
    r"(?:diese[nrms]?|den|die) (?:ganzen? |gesamten? )?"
    r"(?:thread|faden|verlauf|diskussion|vorfall|unterhaltung)(?: (?:bitte|lernen|merken))?"
)
_CHINESE = (
    r"(?:请|麻烦|帮我|帮忙)*(?:学习|学会|记住|记录|记下|保存|收录)(?:一下|下来?)?"
    r"(?:这个|这条|这次|该|本|整个)(?:话题|讨论串?|帖子|对话|会话|线程|事件|故障|thread)(?:吧|的内容)?"
)
_ORDER = re.compile(rf"(?:{_ENGLISH}|{_GERMAN}|{_CHINESE})[\s.!?。！？]*", re.IGNORECASE)  # noqa: RUF001


def is_learn_order(text: str) -> bool:
    """Whether somebody wants the thread learned, in English, German or Chinese."""
    return _ORDER.fullmatch(" ".join(text.split())) is not None
