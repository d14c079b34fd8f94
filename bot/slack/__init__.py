"""The bot on Slack: listeners that only acknowledge and enqueue, blocks, paced posting."""
