"""What the bot itself knows, as documents for the knowledge base."""
