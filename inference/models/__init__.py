"""Model files: which ones are known, how they get here, what is in them."""
