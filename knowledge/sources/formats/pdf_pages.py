"""Run by `pdf.py` as a program of its own, on the bytes of one PDF: a file made to take for ever or
to eat all memory then takes nothing else with it.

Reads a PDF on its standard input; writes one JSON object: {"pages": [text, ...], "title": ...,
"changed_at": ...} or {"fault": why not}. Imports nothing of this package, so that it starts quickly.
"""

from __future__ import annotations

import io
import json
import logging
import re
import resource
import sys
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import NameObject

MAX_PAGES = 3000
MAX_CHARS = 4_000_000
_SHOWING = frozenset({b"Tj", b"TJ", b"'", b'"'})
_INVISIBLE_MODE = 3
_LEAST_POINTS = 2.0
"""Smaller letters cannot be read on paper or screen."""


def main(cpu_s: int, memory_bytes: int) -> None:
    """Convert standard input within these limits."""
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(_answer(sys.stdin.buffer.read())))


def _answer(data: bytes) -> dict[str, Any]:
    try:
        return _read(data)
    except MemoryError:
        return {"fault": "needs too much memory"}
    except RecursionError:
        return {"fault": "damaged: it is nested without end"}
    except Exception as exc:  # noqa: BLE001 - a damaged file makes the library fail in any way
        return {"fault": f"damaged: {' '.join(str(exc).split())[:120] or type(exc).__name__}"}


def _read(data: bytes) -> dict[str, Any]:
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not _opens(reader):
        return {"fault": "protected by a password"}
    if len(reader.pages) > MAX_PAGES:
        return {"fault": f"more than {MAX_PAGES} pages"}
    pages: list[str] = []
    n_chars = 0
    for page in reader.pages:
        pages.append(_seen_text(page))
        n_chars += len(pages[-1])
        if n_chars > MAX_CHARS:
            return {"fault": f"its text is longer than {MAX_CHARS // 1_000_000} million characters"}
    return {"pages": pages, **_information(reader)}


def _opens(reader: PdfReader) -> bool:
    """Whether it opens without a password, as files that only forbid printing do."""
    try:
        return bool(reader.decrypt(""))
    except (PyPdfError, NotImplementedError, ValueError):
        return False


def _seen_text(page: PageObject) -> str:
    """The text of a page; without what is drawn invisibly, unless it lies over a scanned picture."""
    contents = page.get_contents()
    if contents is not None and _hides(page, contents.get_data()):
        seen = _Seen()
        contents.operations = [one for one in contents.operations if seen.passes(*one)]
        page[NameObject("/Contents")] = contents
    return page.extract_text()


class _Seen:
    """Follows how text is drawn, and tells which drawing of it can be seen."""

    def __init__(self) -> None:
        self._mode = 0
        self._size = 0.0
        self._text_scale = 1.0
        self._page_scale = 1.0
        self._saved: list[tuple[int, float, float]] = []

    def passes(self, operands: list[Any], operator: bytes) -> bool:
        """Whether an operation may stay: every one but the drawing of text nobody sees."""
        self._follow(operands, operator)
        points = abs(self._size) * self._text_scale * self._page_scale
        is_seen = self._mode != _INVISIBLE_MODE and points >= _LEAST_POINTS
        return is_seen or operator not in _SHOWING

    def _follow(self, operands: list[Any], operator: bytes) -> None:
        if operator == b"Tr":
            self._mode = int(operands[0])
        elif operator == b"Tf":
            self._size = float(operands[1])
        elif operator == b"Tm":
            self._text_scale = max(abs(float(one)) for one in operands[:4])
        elif operator == b"BT":
            self._text_scale = 1.0
        elif operator == b"cm":
            self._page_scale *= max(abs(float(one)) for one in operands[:4])
        elif operator == b"q":
            self._saved.append((self._mode, self._size, self._page_scale))
        elif operator == b"Q" and self._saved:
            self._mode, self._size, self._page_scale = self._saved.pop()


def _hides(page: PageObject, data: bytes) -> bool:
    """Whether a page may hold hidden letters; a scan with recognised text below it does not."""
    if re.search(rb"\b3\s+Tr\b", data) and not _has_picture(page):
        return True
    sizes = re.findall(rb"(-?[\d.]+)\s+Tf\b", data)
    return any(abs(float(size)) < _LEAST_POINTS for size in sizes if size.strip(b"-."))


def _has_picture(page: PageObject) -> bool:
    resources = page.get("/Resources")
    drawn = resources.get_object().get("/XObject") if resources is not None else None
    if drawn is None:
        return False
    members = drawn.get_object().values()
    return any(one.get_object().get("/Subtype") == "/Image" for one in members)


def _information(reader: PdfReader) -> dict[str, Any]:
    try:
        about = reader.metadata
        if about is None:
            return {}
        changed = about.modification_date or about.creation_date
        return {
            "title": str(about.title or ""),
            "author": str(about.author or ""),
            "changed_at": changed.isoformat() if changed else "",
        }
    except (PyPdfError, ValueError, AttributeError, TypeError):
        return {}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
