"""The `opsbot` command: one file per command group."""
