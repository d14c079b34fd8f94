"""Text into Slack's `mrkdwn`, so that nothing in it can mention, link or break out.

Every string that did not come from this package's own constants passes `escape` or `code_block`.
"""

from __future__ import annotations

import re
from datetime import datetime

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_MASKED_LINK = re.compile(r"\[([^\]\n]*)\]\((?:https?://)?[^)\s]*\)")
_URL = re.compile(r"\bhttps?://([^\s<>|`]+)")
_ADDRESS = re.compile(r"https?://[^\s<>|`\x00-\x1f]+")
_LOOPBACK = re.compile(r"^(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)")
_FENCE = "```"
_HARMLESS_FENCE = "`\u200b`\u200b`"


def clean(text: str) -> str:
    """Remove ANSI sequences, control characters and invisible direction marks."""
    return _CONTROL.sub("", _ANSI.sub("", text.replace("\r\n", "\n")))


def escape(text: str) -> str:
    """Make text inert: no mentions, no disguised links, no control characters."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def prose(text: str) -> str:
    """Model or skill sentences: inert, `**bold**` made Slack's, links to other hosts disarmed."""
    unlinked = _URL.sub(_disarm, _MASKED_LINK.sub(r"\1", clean(text)))
    return escape(_BOLD.sub(r"*\1*", unlinked))


def code_block(text: str, limit: int = 2900) -> str:
    """A preformatted block that its content cannot end; a cut is marked."""
    body = escape(text).replace(_FENCE, _HARMLESS_FENCE)
    return f"{_FENCE}\n{shorten(body, limit)}\n{_FENCE}"


def code_span(text: str) -> str:
    """An inline code span on one line that its content cannot end."""
    return f"`{escape(' '.join(text.split())).replace('`', 'ˋ')}`"


def shorten(text: str, limit: int) -> str:
    """Cut to `limit` characters, never inside an escaped entity, and say so."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 12]
    ampersand = cut.rfind("&")
    if ampersand > len(cut) - 6 and ";" not in cut[ampersand:]:
        cut = cut[:ampersand]
    return f"{cut}… (cut)"


def date_token(moment: datetime, form: str = "{time_secs}") -> str:
    """A time that every reader sees in their own zone."""
    return f"<!date^{int(moment.timestamp())}^{form}|{moment:%H:%M:%S} UTC>"


def linked_time(moment: datetime, url: str) -> str:
    """A time that every reader sees in their own zone, as a link to its source where there is one."""
    if not _ADDRESS.fullmatch(url):
        return date_token(moment)
    address = url.replace("&", "&amp;").replace("^", "%5E")
    return f"<!date^{int(moment.timestamp())}^{{time_secs}}^{address}|{moment:%H:%M:%S} UTC>"


def link(url: str, label: str) -> str:
    """A link that the platform gave us; the label alone where the address is none.

    Args:
        label: Safe already.
    """
    if not _ADDRESS.fullmatch(url):
        return label
    return f"<{url.replace('&', '&amp;')}|{label.replace('|', ' ')}>"


def _disarm(match: re.Match[str]) -> str:
    rest = match.group(1)
    if _LOOPBACK.match(rest):
        return match.group(0)
    host, _, path = rest.partition("/")
    return host.replace(".", "[.]") + (f"/{path}" if path else "")
