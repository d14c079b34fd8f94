"""Code on request: the model writes it, the language's own tools check it, nothing runs it."""

from .skill import CodeSkill, Hit, Lookup

__all__ = ["CodeSkill", "Hit", "Lookup"]
