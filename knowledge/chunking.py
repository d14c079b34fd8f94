"""Documents into chunks that follow the document's own structure.

A chunk holds whole blocks: fences, lists and tables are not cut unless one alone is beyond what any
prompt could use. Paragraphs that announce a block ("run this:") stay with it, and small neighbours
under one parent are merged.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePosixPath

from langchain_text_splitters import RecursiveCharacterTextSplitter

from .blocks import Block, BlockKind, split_blocks
from .documents import Chunk, Document
from .tokens import estimate_tokens

CHUNKER_VERSION = "3"
"""Part of an index's identity: change it with anything that moves a chunk's boundaries or text."""

TARGET_TOKENS = 220
"""Encoder tokens of body that a chunk aims for; the encoder truncates at 256 with the header."""

SMALL_TOKENS = 80
"""A piece below this is merged with a neighbour when both fit the target."""

WHOLE_TOKENS = 660
"""A fence, list or table up to this stays in one chunk."""

_SPLIT_AT = [
    r"\n\n+",
    r"\n(?=(?:[-*+]|\d{1,3}[.)])\s)",
    r"\n",
    r"(?<=[.!?;])\s+",
    r"(?<=[\u3002\uff01\uff1f\uff1b])",
    r"\s+",
    "",
]
_PAGE = re.compile(r"Page \d+")
"""The heading of a page of a file that has pages; no document is called so."""

_TITLE_FIELD = re.compile(r"""^title:\s*["']?(.+?)["']?\s*$""", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A future chunk: half-open offsets into the text, and the headings above it."""

    path: tuple[str, ...]
    start: int
    end: int
    n_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    path: tuple[str, ...]
    blocks: tuple[Block, ...]


def chunk_document(document: Document) -> list[Chunk]:
    """Cut one document; every chunk's text is a verbatim slice of it, in order."""
    lines = document.text.split("\n")
    blocks = split_blocks(lines, document.format)
    title, blocks = _take_title(document, lines, blocks)
    offsets = _line_offsets(lines)
    pieces = [
        piece for section in _sections(blocks) for piece in _pieces(section, document.text, offsets)
    ]
    return [
        _chunk(document, title, offsets, piece, ordinal)
        for ordinal, piece in enumerate(_merge(pieces, document.text))
    ]


def _chunk(
    document: Document, title: str, offsets: Sequence[int], piece: _Piece, ordinal: int
) -> Chunk:
    text = document.text[piece.start : piece.end].rstrip()
    last = piece.start + max(len(text) - 1, 0)
    return Chunk(
        source=document.source,
        path=document.path,
        title=title,
        heading_path=piece.path,
        ordinal=ordinal,
        lines=(bisect_right(offsets, piece.start), bisect_right(offsets, last)),
        text=text,
        sha256=document.sha256,
    )


def _line_offsets(lines: Sequence[str]) -> list[int]:
    """Offset of each line's first character, and one past the text at the end."""
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    return offsets


def _take_title(
    document: Document, lines: Sequence[str], blocks: list[Block]
) -> tuple[str, list[Block]]:
    """The title, and the blocks that remain to be indexed."""
    declared = document.metadata.title
    if blocks and blocks[0].kind is BlockKind.FRONT_MATTER:
        fields = (_TITLE_FIELD.match(line) for line in lines[: blocks[0].end])
        declared = declared or next((match[1] for match in fields if match), "")
        blocks = blocks[1:]
    first = next((block for block in blocks if block.kind is BlockKind.HEADING), None)
    leads = (
        first is not None
        and (first.level == 1 or first is blocks[0])
        and not _PAGE.fullmatch(first.heading)
    )
    if declared and (first is None or first.heading != declared):
        return declared, blocks
    if first is not None and first.heading and leads:
        rest = [block for block in blocks if block is not first]
        return first.heading, rest or blocks
    return declared or _title_from_path(document.path), blocks


def _title_from_path(path: str) -> str:
    name = PurePosixPath(path)
    stem = name.parent.name if name.stem.lower() in {"index", "readme"} else name.stem
    words = re.sub(r"[-_]+", " ", stem or name.stem).strip()
    return words[:1].upper() + words[1:]


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    """Group blocks under their heading path; a heading with nothing below it stands for itself."""
    stack: list[Block] = []
    body: list[Block] = []
    for block in blocks:
        if block.kind is not BlockKind.HEADING:
            body.append(block)
            continue
        if body:
            yield _Section(path=_path(stack), blocks=tuple(body))
        elif stack and stack[-1].level >= block.level:
            yield _Section(path=_path(stack), blocks=(stack[-1],))
        body = []
        while stack and stack[-1].level >= block.level:
            stack.pop()
        stack.append(block)
    if body or stack:
        yield _Section(path=_path(stack), blocks=tuple(body) or (stack[-1],))


def _path(stack: Sequence[Block]) -> tuple[str, ...]:
    return tuple(block.heading for block in stack if block.heading)


def _pieces(section: _Section, text: str, offsets: Sequence[int]) -> Iterator[_Piece]:
    """Fill pieces of one section up to the target with whole blocks."""
    limit = TARGET_TOKENS
    open_piece: _Piece | None = None
    for unit in _units(section, text, offsets):
        if unit.n_tokens > limit and open_piece is not None and open_piece.n_tokens > SMALL_TOKENS:
            yield open_piece
            open_piece = None
        if open_piece is not None and open_piece.n_tokens + unit.n_tokens > limit:
            yield open_piece
            open_piece = None
        open_piece = unit if open_piece is None else _joined(open_piece, unit, text)
    if open_piece is not None:
        yield open_piece


def _units(section: _Section, text: str, offsets: Sequence[int]) -> Iterator[_Piece]:
    """What must not be cut: blocks, with the paragraph that announces them; giants are split."""
    announced_at: int | None = None
    for block, following in zip(section.blocks, (*section.blocks[1:], None), strict=True):
        start = offsets[block.start] if announced_at is None else announced_at
        end = min(offsets[block.end] - 1, len(text))
        announced_at = None
        if following is not None and _announces(block, following, text[start:end]):
            announced_at = start
            continue
        limit = TARGET_TOKENS if block.kind is BlockKind.PARAGRAPH else WHOLE_TOKENS
        yield from _within(section.path, text, start, end, limit)


def _announces(block: Block, following: Block, text: str) -> bool:
    """Whether a short paragraph ends in a colon right before a fence, list or table."""
    return (
        block.kind is BlockKind.PARAGRAPH
        and following.kind in {BlockKind.FENCE, BlockKind.LIST, BlockKind.TABLE}
        and text.rstrip("*_ \n").endswith((":", "\uff1a"))
        and estimate_tokens(text) <= SMALL_TOKENS
    )


def _within(path: tuple[str, ...], text: str, start: int, end: int, limit: int) -> Iterator[_Piece]:
    n_tokens = estimate_tokens(text[start:end])
    if n_tokens <= limit:
        yield _Piece(path=path, start=start, end=end, n_tokens=n_tokens)
        return
    for part in _splitter().create_documents([text[start:end]]):
        at = start + int(part.metadata["start_index"])
        content = part.page_content
        yield _Piece(path=path, start=at, end=at + len(content), n_tokens=estimate_tokens(content))


@cache
def _splitter() -> RecursiveCharacterTextSplitter:
    return RecursiveCharacterTextSplitter(
        chunk_size=TARGET_TOKENS,
        chunk_overlap=0,
        separators=_SPLIT_AT,
        is_separator_regex=True,
        keep_separator="end",
        length_function=estimate_tokens,
        add_start_index=True,
    )


def _merge(pieces: Iterable[_Piece], text: str) -> Iterator[_Piece]:
    """Join small neighbours that share a parent, as long as the whole fits the target."""
    open_piece: _Piece | None = None
    for piece in pieces:
        if open_piece is None:
            open_piece = piece
            continue
        joined = _joined(open_piece, piece, text)
        small = min(open_piece.n_tokens, piece.n_tokens) < SMALL_TOKENS
        if small and joined.n_tokens <= TARGET_TOKENS and _are_siblings(open_piece, piece):
            open_piece = joined
        else:
            yield open_piece
            open_piece = piece
    if open_piece is not None:
        yield open_piece


def _joined(first: _Piece, second: _Piece, text: str) -> _Piece:
    """Both, with what stands between them (their headings)."""
    joined = replace(first, end=second.end, path=_joined_path(first.path, second.path))
    return replace(joined, n_tokens=estimate_tokens(text[joined.start : joined.end]))


def _common(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    n_common = 0
    while n_common < min(len(first), len(second)) and first[n_common] == second[n_common]:
        n_common += 1
    return tuple(first[:n_common])


def _joined_path(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """What both stand under; the first one's own heading too, as no line of the text holds it."""
    common = _common(first, second)
    own = [path[len(common)] for path in (first, second) if len(path) > len(common)]
    return (*common, " / ".join(own)) if len(first) > len(common) else common


def _are_siblings(first: _Piece, second: _Piece) -> bool:
    """Whether they hang under the same heading, or one directly under the other."""
    n_common = len(_common(first.path, second.path))
    return max(len(first.path), len(second.path)) - n_common <= 1 and (
        n_common > 0 or min(len(first.path), len(second.path)) <= 1
    )
