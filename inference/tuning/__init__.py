"""The settings that are fastest on this machine, found by measuring."""
