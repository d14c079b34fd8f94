"""Runbooks in conversation: find the one that fits, fill it, propose it. Never runs one."""
