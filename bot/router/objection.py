"""Somebody says that the last answer was of the wrong kind."""

from __future__ import annotations

import re

_OBJECTION = re.compile(
    r"^\W*(?:no,? |nope,? |sorry,? )?(?:(?:this|that)(?: is|'s| was)(?: not|n't) what i "
    r"(?:meant|asked(?: for)?|wanted)|not what i (?:meant|asked(?: for)?|wanted)|you misunderstood(?: me)?|"
    r"(?:that's |that was )?the wrong skill|i meant something else|das (?:meinte|wollte) ich nicht|"
    r"no es lo que (?:pedí|quería)|我不是(?:这个|那个)意思|不是我(?:要|问)的|そうではありません)\W*$",
    re.IGNORECASE,
)


def is_objection(text: str) -> bool:
    """Whether a text, said in a thread, rejects the kind of the answer before it."""
    return bool(_OBJECTION.search(text))
