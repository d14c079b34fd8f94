"""Incident mode: declared by people, a timeline that links to its sources, a draft at the end."""
