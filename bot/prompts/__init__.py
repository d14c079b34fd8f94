"""Prompt texts. What never changes stands first, so that its KV prefix is shared."""
