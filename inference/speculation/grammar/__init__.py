"""What a GBNF grammar allows next, character by character."""

from __future__ import annotations

from .automaton import Automaton, State
from .characters import CharacterSet
from .errors import GrammarSyntaxError, GrammarTooComplexError
from .gbnf import parse_gbnf
from .rules import Grammar

__all__ = [
    "Automaton",
    "CharacterSet",
    "Grammar",
    "GrammarSyntaxError",
    "GrammarTooComplexError",
    "State",
    "parse_gbnf",
]
