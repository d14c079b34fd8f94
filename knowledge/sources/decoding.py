"""Bytes into text: which encoding, no binaries, nothing that people cannot see."""

from __future__ import annotations

import codecs
import re

from ..errors import UnusableDocumentError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"
_MOST_WESTERN = 0.25
"""Share of letters beyond ASCII up to which bytes may be a Western European text."""

# Zero-width and direction characters, fillers, and "tag" characters, which spell out hidden ASCII.
# The two joiners stay: some scripts need them.
_INVISIBLE = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_NOT_WRITTEN = re.compile(
    "[^\u00a0-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u2010-\u203a\u20ac\u2122]"
)


def decode(data: bytes) -> str:
    """The text of a file with `\\n` line ends.

    UTF-8, or what a byte order mark says, or a Western European text where that is plausible.

    Raises:
        UnusableDocumentError: It is binary, empty, or its encoding cannot be told.
    """
    text = visible(_characters(data).replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        raise UnusableDocumentError("empty")
    return text


def visible(text: str) -> str:
    """Without characters that people cannot see, so that nobody can hide words among them."""
    return _INVISIBLE.sub("", text)


def _characters(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _marked(data, encoding)
    if b"\0" in data:
        raise UnusableDocumentError("binary")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        return _western(data, exc.start)


def _marked(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise UnusableDocumentError(f"not {encoding.upper()} as it claims") from exc
    if "\0" in text:
        raise UnusableDocumentError("binary")
    return text


def _western(data: bytes, fault_at: int) -> str:
    """Windows' Western European encoding, if the bytes look like a text in it."""
    refused = UnusableDocumentError(f"not UTF-8 (byte {fault_at})")
    try:
        text = data.decode(_WESTERN)
    except UnicodeDecodeError as exc:
        raise refused from exc
    beyond = [character for character in text if not character.isascii()]
    n_letters = sum(character.isalpha() for character in text)
    if _CONTROL.search(text) or any(_NOT_WRITTEN.match(one) for one in beyond):
        raise refused
    if len(beyond) > _MOST_WESTERN * max(n_letters, 1):
        raise refused
    return text
