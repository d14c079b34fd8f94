"""One file per way a document is written."""
