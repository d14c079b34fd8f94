"""Prompt in, token events out: a small serving engine on llama.cpp that knows nothing of Slack."""
