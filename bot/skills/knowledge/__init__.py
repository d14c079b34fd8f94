"""Answers from documents: passages first, then only sentences that the passages support."""

from .skill import KnowledgeSkill

__all__ = ["KnowledgeSkill"]
