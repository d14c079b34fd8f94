"""The engine in a process of its own: supervised, or borrowed from another bot.

Nothing is imported here: the child needs the serving side only, and a restart waits for its
imports. The parent's side is `engine_process` and `supervisor`, the child's is `serving`.
"""
