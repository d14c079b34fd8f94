"""Digests by the clock: understood, confirmed in words, listed, run now, removed."""
