"""The prompt that turns a question into English search words.

What never changes comes first, with made-up examples; the question comes last.
"""

from __future__ import annotations

from inference.request import ChatMessage, Role

MIN_WORDS = 3
MAX_WORDS = 12

GRAMMAR = (
    f'root ::= word (" " word){{{MIN_WORDS - 1},{MAX_WORDS - 1}}}\n'
    "word ::= [A-Za-z0-9] [A-Za-z0-9_./:%-]{0,39}\n"
)
"""Words in Latin letters on one line."""

SYSTEM = """You turn a question of an engineer into English search words for technical documents.
Translate what is not English. Keep names, commands and error texts exactly as they are.
Write at most twelve words on one line and nothing else. Never answer the question."""

_EXAMPLES = (
    (
        "邮件队列堵塞了, mailctl 报 spool full, 怎么清理",
        "mail queue stuck mailctl spool full clean up",
    ),
    (
        "wie lange dürfen tickets im wartestatus bleiben",
        "how long may tickets stay in status waiting",
    ),
    ("el proxy devuelve 502 después de reiniciar", "proxy returns 502 after restart"),
    ("プリンターの証明書の期限が切れた", "printer certificate expired renew"),
)


def messages(question: str) -> tuple[ChatMessage, ...]:
    """The conversation that asks for the words.

    Args:
        question: Already made safe to quote.
    """
    shown: list[ChatMessage] = [ChatMessage(Role.SYSTEM, SYSTEM)]
    for asked, words in _EXAMPLES:
        shown += [ChatMessage(Role.USER, asked), ChatMessage(Role.ASSISTANT, words)]
    return (*shown, ChatMessage(Role.USER, question))


N_FIXED = 1 + 2 * len(_EXAMPLES)
"""Messages that are the same for every question."""
