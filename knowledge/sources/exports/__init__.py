"""What other tools export, as sources."""
