"""The Web API, one file per family of methods."""

from __future__ import annotations

from . import assistants, auth, chat, conversations, files, reactions, streaming, users, views
from .call import Method

METHODS: dict[str, Method] = {
    **auth.METHODS,
    **chat.METHODS,
    **streaming.METHODS,
    **conversations.METHODS,
    **users.METHODS,
    **views.METHODS,
    **files.METHODS,
    **reactions.METHODS,
    **assistants.METHODS,
}
