"""One file per kind of side effect."""
