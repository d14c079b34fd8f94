"""Fenced blocks of messages, whether they are closed or not. Pure."""

from __future__ import annotations

import re

# NOTE: only these, because a word alone on the first line may as well be what was pasted.
_LANGUAGES = (
    "text|txt|plain|plaintext|log|logs|console|shell|sh|bash|zsh|json|yaml|yml|toml|ini|xml|html|"
    "css|sql|diff|dockerfile|hcl|promql|python|py|javascript|js|typescript|ts|java|kotlin|go|"
    "golang|rust|c|cpp|csharp|ruby|php"
)
_FENCE = re.compile(
    rf"```(?:(?:{_LANGUAGES})?[ \t]*\n)?(.+?)```|^```(?:{_LANGUAGES})?[ \t]*\n(.+)\Z",
    re.DOTALL | re.MULTILINE,
)


def fenced_blocks(text: str) -> list[str]:
    """What stands between the fences, without the name of a language behind the first one."""
    return [_inside(found) for found in _FENCE.finditer(text)]


def without_blocks(text: str) -> str:
    """A text without its fenced blocks of several lines."""
    return _FENCE.sub(lambda found: "" if is_long(_inside(found)) else found.group(0), text)


def is_long(block: str) -> bool:
    """Whether a block has several lines; a short one is a part of its sentence."""
    return "\n" in block.strip()


def _inside(found: re.Match[str]) -> str:
    return found.group(1) or found.group(2)
