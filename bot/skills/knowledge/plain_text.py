"""Document markup out, words in. Pure."""

from __future__ import annotations

import re

_LINK = re.compile(r"!?\[([^\[\]\n]*)\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\[\]\n]*\])")
_SHORTCODE = re.compile(r"\{\{[<%]\s*(?:/?\w[\w-]*)?(?:[^>%]*?\btext=\"([^\"]*)\")?[^>%]*[>%]\}\}")
_ASCIIDOC_LINK = re.compile(r"\b(?:link|xref):[^\s\[]*\[([^\]]*)\]")
_TAG = re.compile(r"</?(?:a|b|br|code|div|em|i|img|kbd|li|p|span|strong|sub|sup|u|ul)\b[^<>]*>")
_FOOTNOTE = re.compile(r"\[\^[\w-]+\]")
_CODE = re.compile(r"(`+[^`]+`+)")
_CODE_OR_LINK = re.compile(rf"(?P<code>{_CODE.pattern[1:-1]})|{_LINK.pattern}")


def plain(text: str) -> str:
    """A sentence on one line without links, tags and shortcodes; code spans stay as they are."""
    pieces = _CODE.split(_CODE_OR_LINK.sub(lambda match: match["code"] or match[2] or "", text))
    for at in range(0, len(pieces), 2):
        pieces[at] = _words(pieces[at])
    return " ".join("".join(pieces).split())


def _words(text: str) -> str:
    text = _SHORTCODE.sub(lambda match: match[1] or "", text)
    text = _ASCIIDOC_LINK.sub(lambda match: match[1], text)
    return _FOOTNOTE.sub("", _TAG.sub("", text)).replace("**", "")
