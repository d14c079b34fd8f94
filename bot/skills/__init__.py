"""What the bot can do: one package per intent, each yielding `Reply` snapshots."""
