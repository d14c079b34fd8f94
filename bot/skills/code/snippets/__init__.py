"""Snippets that people have checked: one YAML file per language, found by what was asked."""

from .collection import Collection, Grade, Match
from .entry import Snippet, SnippetError

__all__ = ["Collection", "Grade", "Match", "Snippet", "SnippetError"]
