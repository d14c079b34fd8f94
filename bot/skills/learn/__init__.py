"""Threads that people want remembered: a summary, a person's yes, a document."""
