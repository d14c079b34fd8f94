"""Pieces of GBNF, the notation of grammars that a model's answer must follow. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def literal(text: str) -> str:
    """A text as GBNF writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'


def one_of(texts: Iterable[str]) -> str:
    """Any one of some texts."""
    return " | ".join(map(literal, texts))
