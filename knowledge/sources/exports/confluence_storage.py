"""Confluence's storage format into HTML: its macros become the elements they are shown as."""

from __future__ import annotations

import html
import re

_CDATA = "<![CDATA["
_CDATA_END = re.compile(r"\]\]\s?>")
_CODE_BODY = "<ac:plain-text-body>"
_MACRO = "<ac:structured-macro"
_MACRO_CHARS = 2000
_LANGUAGE = re.compile(r'<ac:parameter ac:name="language">([\w+#-]{1,20})</ac:parameter>')
_PARAMETER = re.compile(r"<ac:parameter\b[^<>]*>[^<]*</ac:parameter>")
_PAGE_LINK = re.compile(r'<ri:page\b[^<>]*?ri:content-title="([^"<>]{1,300})"[^<>]*/>')
_EMPTY_ELEMENT = re.compile(r"<(?:ac|ri):[\w-]+\b[^<>]*/>")


def storage_to_html(body: str) -> str:
    """HTML of a page's body; code stays verbatim, parameters of macros go."""
    first, *others = body.split(_CDATA)
    parts = [first]
    for other in others:
        end = _CDATA_END.search(other)
        inside, behind = (other[: end.start()], other[end.end() :]) if end else (other, "")
        parts += [_shown(inside, parts[-1]), behind]
    text = _PARAMETER.sub("", "".join(parts))
    text = _PAGE_LINK.sub(lambda match: f"<span>{match[1]}</span>", text)
    return _EMPTY_ELEMENT.sub("", text)


def _shown(inside: str, before: str) -> str:
    """Verbatim text: code where a macro holds it, else a part of the sentence."""
    escaped = html.escape(inside)
    if not before.rstrip().endswith(_CODE_BODY):
        return escaped
    macro = before[-_MACRO_CHARS:]
    named = _LANGUAGE.findall(macro[max(macro.rfind(_MACRO), 0) :])
    language = f' class="language-{named[-1]}"' if named else ""
    return f"<pre><code{language}>{escaped}</code></pre>"
