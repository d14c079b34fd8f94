"""Chosen statements as what people read: sentences, list lines and code, each with its [n]. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.messages import Code, Part, Prose

from .statements import Kind, Statement

_MAX_INLINE_CHARS = 100
_TICKS = re.compile(r"`{2,}")
_NEEDS_A_BLOCK = re.compile(r"[`\n]|://")
_LANGUAGE = re.compile(r"[\w+-]{1,20}")


def lay_out(chosen: Sequence[Statement], lead: str = "") -> tuple[Part, ...]:
    """The parts of an answer, in the order given.

    Short commands stand in backticks behind what announces them; other code gets its own block,
    whose small print holds the citation.

    Args:
        lead: A sentence of the bot's own that comes first; empty for none.
    """
    writer = _Writer(lead)
    for at, said in enumerate(chosen):
        following = chosen[at + 1] if at + 1 < len(chosen) else None
        writer.add(said, following)
    return writer.end()


def text_of(parts: Sequence[Part]) -> str:
    """An answer's parts as one text, code between fences."""
    return "\n".join(piece for part in parts if (piece := _as_text(part)))


def _as_text(part: Part) -> str:
    if isinstance(part, Prose):
        return part.text
    if isinstance(part, Code):
        return f"```{part.language}\n{part.text}\n``` {' '.join(part.checks)}".rstrip()
    return ""


class _Writer:
    """Collects lines of prose until a code block interrupts them."""

    def __init__(self, lead: str) -> None:
        self._parts: list[Part] = []
        self._text = lead
        self._before: Statement | None = None
        self._is_open = False

    def add(self, said: Statement, following: Statement | None) -> None:
        if said.kind is Kind.CODE and not _is_inline(said):
            self._end_prose()
            self._parts.append(_block(said))
        else:
            shown = f"`{said.text}`" if said.kind is Kind.CODE else _closed(said.text)
            self._text += self._gap(said) + ("- " if self._is_line(said) else "") + shown
            self._is_open = said.announces and _continues(said, following)
            if not self._is_open:
                self._text += f" [{said.source}]"
        self._before = said

    def end(self) -> tuple[Part, ...]:
        self._end_prose()
        return tuple(self._parts)

    def _is_line(self, said: Statement) -> bool:
        return said.kind in {Kind.ITEM, Kind.ROW}

    def _gap(self, said: Statement) -> str:
        if not self._text:
            return ""
        if self._is_open:
            return " "
        before = self._before
        flows = before is not None and before.kind is said.kind is Kind.SENTENCE
        return " " if flows and before is not None and before.source == said.source else "\n"

    def _end_prose(self) -> None:
        if self._text:
            self._parts.append(Prose(text=self._text, from_model=True))
        self._text, self._is_open = "", False


def _closed(text: str) -> str:
    """Prose with one backtick where a span begins or ends, and none that would stay open.

    A fence inside a sentence would make code of everything behind it.
    """
    text = _TICKS.sub("`", text)
    return text if text.count("`") % 2 == 0 else text.replace("`", "")


def _is_inline(said: Statement) -> bool:
    return len(said.text) <= _MAX_INLINE_CHARS and not _NEEDS_A_BLOCK.search(said.text)


def _continues(said: Statement, following: Statement | None) -> bool:
    """Whether the command that a sentence announces comes next, on the same line."""
    return (
        following is not None
        and following.kind is Kind.CODE
        and following.source == said.source
        and _is_inline(following)
    )


def _block(said: Statement) -> Code:
    language = said.language if _LANGUAGE.fullmatch(said.language) else "text"
    return Code(language=language, text=said.text, checks=(f"[{said.source}]",))
