"""Short requests that mean something only after what the thread has said."""

from __future__ import annotations

import re

_MAX_WORDS = 7
_MAX_BARE_WORDS = 3
_MAX_CJK = 14
_LEAD = re.compile(
    r"^\W*(?:and|but|or|now|also|same|again|why|how come|(?:what|how) about|only|just|instead|for|in|"
    r"with|without|per|by|make (?:it|that)|the other|since when|until when|as|on|at|which one|y|und|"
    r"那|还有|为什么|为啥|改成|换成|只看|只要|再|同样|按|那么|呢)(?![a-z])|呢[?\uff1f]?$|^(?:では|じゃあ)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def is_follow_up(text: str) -> bool:
    """Whether a text, asked in a thread, most likely goes on with what was asked before."""
    n_cjk = len(_CJK.findall(text))
    if n_cjk:
        return n_cjk <= _MAX_CJK and bool(_LEAD.search(text))
    n_words = len(_WORD.findall(text))
    return n_words <= _MAX_BARE_WORDS or (n_words <= _MAX_WORDS and bool(_LEAD.search(text)))
