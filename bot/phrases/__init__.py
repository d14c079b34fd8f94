"""The fixed sentences of the bot in the language of who asks: one table a language.

Commands, names and quotations are no phrases: they stay as they are in every language.
"""

from .tables import LANGUAGES, say, speaks

__all__ = ["LANGUAGES", "say", "speaks"]
