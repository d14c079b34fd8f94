"""The labels of an alert that was posted as text; pure.

Alertmanager, Grafana and PagerDuty all post alerts as words for people. What they have in common is
names with values: `{instance="web-3"}`, `instance=web-3, job=node`, ` - instance = web-3`, or a line
`Service: checkout`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_MAX_CHARS = 20_000
_MAX_VALUE_CHARS = 500
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
_QUOTED = r"\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|`(?P<code>[^`\n]*)`"
_INLINE = re.compile(rf"(?<![\w./-])(?P<name>{_NAME})=(?:{_QUOTED}|(?P<bare>[^\s,;(){{}}\"'`]+))")
_LINE = re.compile(
    rf"^[\s>*•·-]*(?P<name>{_NAME})[*_`]{{0,2}}(?:[ \t]+=|:)[*_]{{0,2}}[ \t]+"
    rf"(?:{_QUOTED}|(?P<bare>\S.*?))[ \t*]*$",
    re.MULTILINE,
)
_MARK = re.compile(
    r"\[(?:FIRING|ALERTING)\b|\balertname\b|^\W*(?:Firing|Triggered|Alerting)\b"
    r"|^\W*(?:\[?#?\d+\]?\W+)?Triggered:",
    re.IGNORECASE | re.MULTILINE,
)
_NONE: Mapping[str, str] = MappingProxyType({})


def is_alert(text: str) -> bool:
    """Whether a text is, or holds, an alert as a monitoring system posts it."""
    return _MARK.search(text[:_MAX_CHARS]) is not None


def alert_labels(text: str) -> Mapping[str, str]:
    """Read an alert's labels; empty when the text is no alert.

    Names are lower case; of several values for one name the first counts, for an alert's common
    labels stand before those of its instances.
    """
    if not is_alert(text):
        return _NONE
    head = text[:_MAX_CHARS]
    found = [*_INLINE.finditer(head), *_LINE.finditer(head)]
    labels: dict[str, str] = {}
    for match in sorted(found, key=lambda match: match.start()):
        value = _value(match)
        if value and len(value) <= _MAX_VALUE_CHARS:
            labels.setdefault(match.group("name").lower(), value)
    return labels


def _value(match: re.Match[str]) -> str:
    texts = match.groupdict()
    found = (texts[name] for name in ("double", "single", "code", "bare"))
    return next((text for text in found if text is not None), "").strip()
