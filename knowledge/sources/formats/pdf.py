"""PDF into Markdown: one heading for each page, so that a citation names the page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ...errors import UnusableDocumentError
from ..decoding import visible
from .markdown_writer import MarkdownWriter

LIMIT_S = 60
_MEMORY_BYTES = 2 * 1024**3
_PROGRAM = Path(__file__).with_name("pdf_pages.py")
_EDGE_LINES = 2
_LEAST_PAGES = 4
_NO_TITLE = re.compile(
    r"^(microsoft word|untitled|powerpoint|document\d*\b)|\.(docx?|pdf|indd|tex)$", re.IGNORECASE
)


def pdf_to_markdown(data: bytes, limit_s: float = LIMIT_S) -> tuple[str, Mapping[str, object]]:
    """The text of a PDF and what it declares of itself. Blocks until its reader ends.

    Raises:
        UnusableDocumentError: It is protected, damaged, a scan without text, or takes too long.
    """
    answer = _read_apart(data, limit_s)
    if "fault" in answer:
        raise UnusableDocumentError(str(answer["fault"]))
    pages = [
        visible(str(page)).replace("\r", "\n") for page in cast("list[object]", answer["pages"])
    ]
    if not any(page.strip() for page in pages):
        raise UnusableDocumentError("no text in it: it holds pictures only, as scans do")
    return _written(_without_edges(pages)), _fields(answer)


def _read_apart(data: bytes, limit_s: float) -> Mapping[str, Any]:
    """Let a process of its own read the file."""
    argv = [sys.executable, "-I", str(_PROGRAM), str(int(limit_s) + 1), str(_MEMORY_BYTES)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, nothing of the document in argv
            argv, input=data, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise UnusableDocumentError(f"reading it took longer than {limit_s:g} s") from exc
    if done.returncode:
        raise UnusableDocumentError("damaged: reading it needs too much time or memory")
    return cast("Mapping[str, Any]", json.loads(done.stdout))


def _written(pages: Sequence[str]) -> str:
    writer = MarkdownWriter()
    for number, page in enumerate(pages, start=1):
        if page.strip():
            writer.heading(2, f"Page {number}")
            for paragraph in re.split(r"\n\s*\n", page):
                writer.paragraph(paragraph)
    return writer.text()


def _without_edges(pages: Sequence[str]) -> list[str]:
    """Pages without the lines that stand at the top or bottom of most of them."""
    split = [page.strip("\n").split("\n") for page in pages]
    if len(split) < _LEAST_PAGES:
        return list(pages)
    counts = Counter(key for lines in split for key in {_key(line) for line in _edges(lines)})
    repeated = {key for key, n in counts.items() if key and n > len(split) * 0.6}
    return ["\n".join(_trimmed(lines, repeated)) for lines in split]


def _edges(lines: Sequence[str]) -> list[str]:
    return [*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]]


def _trimmed(lines: list[str], repeated: set[str]) -> list[str]:
    last = len(lines) - _EDGE_LINES
    return [
        line
        for at, line in enumerate(lines)
        if _EDGE_LINES <= at < last or _key(line) not in repeated
    ]


def _key(line: str) -> str:
    """A line with its page number taken for any."""
    return re.sub(r"\d+", "0", " ".join(line.split()))


def _fields(answer: Mapping[str, Any]) -> Mapping[str, object]:
    title = str(answer.get("title", "")).strip()
    fields: dict[str, object] = {"last_modified": answer.get("changed_at", "")}
    if title and not _NO_TITLE.search(title):
        fields["title"] = title
    return fields
