"""Threads as conversations: what a short message means after what was said before it."""
