"""Where model files come from: one file per kind of source."""
