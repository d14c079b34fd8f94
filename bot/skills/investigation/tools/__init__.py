"""The read-only tools of an investigation, one file each; all of them only look."""
