"""From any amount of log to the few lines that matter, then a model explains what was found."""
