"""Code on request: the model writes it, the language's own tools check it, nothing runs it."""

from .skill import CodeSkill, Found, Hit, Lookup

__all__ = ["CodeSkill", "Found", "Hit", "Lookup"]
