"""Words by which a message points back at what was said before it, in five languages. Pure."""

from __future__ import annotations

import re

_I = re.IGNORECASE
_CLOCK = r"\d{1,2}(?::\d\d){0,2} ?(?:am|pm|h|uhr)?"
_UNIT = r"(?:s|m|h|d|w|sec\w*|min\w*|hours?|days?|weeks?|stunden?|tagen?|horas?|días?)"

LEAD = re.compile(
    r"^\W*(?:(?:and|but|or|so|now|also|then|ok|okay|same|again|only|just|instead|und|aber|oder|jetzt|"
    r"auch|y|e|pero|ahora|también|et|(?:what|how) about|was ist mit|wie (?:ist|sieht) es mit|"
    r"qué tal|qué hay de)(?![\w])|那么?|还有|换成|改成|再看|只看|再|では|じゃあ)\s*(?:for|in|on|with|the|für|"
    r"im|in|auf|en|para|el|la)?(?![a-z])\s*",
    _I,
)
WHY = re.compile(
    r"^\W*(?:(?:and|but|und|y) )?(?:why|how come|why not|why is (?:that|this)|warum(?: das)?|wieso|"
    r"weshalb|por ?qué|为什么|为啥|怎么会|为何|なぜ|なんで|どうして)(?:呢|ですか)?\W*$",
    _I,
)
OTHER = re.compile(
    r"\b(?:(?:the )?other(?: one| node| host| pod| server| machine)?s?|andere[nrsm]?|otr[oa])\b|"
    r"另(?:一个|外一?个|一台)|其他|别的|もう(?:一つ|一台|片方)|他の",
    _I,
)
PRONOUN = re.compile(r"\b(?:it|them)\b(?!\s+(?:would|will|seems|looks|takes?)\b)|它们?", _I)
ENDS_WITH_THAT = re.compile(r"\b(?:that|this)\b(?=\W*$)", _I)
POINTS = re.compile(
    r"\b(?:it|its|that|this|those|these|they|them|there|same|das|dies\w*|davon|damit|daran|eso|"
    r"esto|ello)\b|它|这个?|那个?|其|それ|これ|その|この",
    _I,
)
TIME = re.compile(
    r"\b(?:since )?(?:yesterday|today|this morning|midnight|gestern|heute|ayer|hoy)\b|昨天|今天|昨日|今日|"
    rf"\b(?:(?:in|over|within|for) )?(?:the )?(?:last|past|previous) (?:\d+ ?|an? |one |two |few )?{_UNIT}\b|"
    rf"\b(?:in )?(?:den|der|die) letzten (?:\d+ ?)?{_UNIT}\b|"
    rf"\b(?:en )?l[ao]s últim[ao]s (?:\d+ ?)?{_UNIT}\b|"
    rf"\b(?:between|from) {_CLOCK} (?:and|to|until|-|–) {_CLOCK}(?!\w)|"
    rf"\b(?:since|after|from|at|around|about) (?:{_CLOCK})(?![\w%])",
    _I,
)
FILLER = re.compile(
    r"\b(?:and|or|for|in|on|of|the|at|from|during|about|what|how|same|with|too|also|please|only|just|"
    r"instead|node|host|pod|server|service|one|und|für|auf|im|von|bei|bitte|auch|y|en|para|el|la|de|"
    r"del|por|favor|también)\b|呢|那么?|还有|的|吗|は|では|も|の|を|服务|节点|[\W_]+",
    _I,
)
EMPTY = re.compile(r"^[\W_]*$")
