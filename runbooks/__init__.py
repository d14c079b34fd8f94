"""Declared procedures, executed only as approved."""
