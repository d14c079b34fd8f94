"""The shell commands in a Markdown text, and what in them has to be filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"^[ ]{0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^`]*$")
# A comment outside of fences; fences are matched first so that they are stepped over.
_COMMENT = re.compile(
    r"(?P<fenced>^[ ]{0,3}(?P<mark>`{3,}|~{3,}).*?(?:^[ ]{0,3}(?P=mark)|\Z))|<!--.*?(?:-->|\Z)",
    re.MULTILINE | re.DOTALL,
)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$")
_SHELL = frozenset({"sh", "bash", "shell", "zsh"})
_SESSION = frozenset({"", "console", "terminal", "shell-session", "text"})
_PROMPT = re.compile(r"^\s*\$ +")
_LIST_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_SCRIPT = re.compile(
    r"^\s*(?:for|while|until|if|case|select|function|do|done|then|else|fi|esac)\b"
    r"|^\s*[{(]|<<|^\s*\w+\s*\(\)",
    re.MULTILINE,
)
_MAX_TITLE_CHARS = 100
_NAMED = r"<(?P<angle>[A-Za-z](?:[\w .:-]{0,38}\w)?)>"
_OPEN = re.compile(
    rf"(?P<quoted>'[^']*')|\$(?:\{{(?P<braced>[A-Za-z_]\w*)\}}|(?P<plain>[A-Za-z_]\w*))|{_NAMED}"
)
_ANGLE = re.compile(_NAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command line, or a whole script, of a Markdown text.

    Attributes:
        title: The heading or sentence before it.
        line: Where it begins, counted from 1.
        is_script: It only makes sense as several lines for a shell.
    """

    text: str
    title: str
    line: int
    is_script: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    language: str
    lines: tuple[str, ...]
    title: str
    line: int


def commands(text: str) -> tuple[Command, ...]:
    """The commands in the fenced blocks of a text, in order.

    In a block without a language, or of a terminal session, only lines behind a `$` prompt are
    commands; the others are what they printed.
    """
    lines = _COMMENT.sub(_blank, text).splitlines()
    return tuple(command for block in _blocks(lines) for command in _read(block))


def _blank(match: re.Match[str]) -> str:
    """Nobody sees an HTML comment, so nothing in it is proposed; its lines are still counted."""
    return match.group() if match.group("fenced") else "\n" * match.group().count("\n")


def fill_in(text: str, word_of: Callable[[str], str]) -> str:
    """Replace `$NAME`, `${NAME}` and `<a name>`; a shell's single quotes keep their `$`."""

    def replace(match: re.Match[str]) -> str:
        if match.group("quoted"):
            inner = match.group("quoted")
            return _ANGLE.sub(lambda found: word_of(found.group("angle")), inner)
        return word_of(match.group("braced") or match.group("plain") or match.group("angle"))

    return _OPEN.sub(replace, text)


def heading(text: str) -> str:
    """The first heading outside of fences; empty when there is none."""
    found = (match for line in text.splitlines() if (match := _HEADING.match(line)))
    return next((match.group(1).strip() for match in found), "")


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    title, mark, language, start = "", "", "", 0
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if mark:
            closes = fence is not None and not fence.group("language")
            if closes and fence is not None and fence.group("mark").startswith(mark):
                yield _Block(
                    language=language,
                    lines=tuple(lines[start : number - 1]),
                    title=title,
                    line=start + 1,
                )
                mark = ""
        elif fence is not None:
            mark, language, start = fence.group("mark"), fence.group("language").lower(), number
        elif line.strip():
            title = _title(line)


def _title(line: str) -> str:
    found = _HEADING.match(line)
    words = found.group(1) if found else _LIST_MARK.sub("", line).strip()
    plain = words.replace("`", "").replace("*", "").rstrip(":").strip()
    return plain if len(plain) <= _MAX_TITLE_CHARS else f"{plain[:_MAX_TITLE_CHARS].rstrip()}…"


def _read(block: _Block) -> Iterator[Command]:
    if block.language not in _SHELL | _SESSION:
        return
    text = "\n".join(block.lines)
    if block.language in _SHELL and _SCRIPT.search(text):
        yield Command(text=text.strip(), title=block.title, line=block.line, is_script=True)
        return
    for line, number in _joined(block):
        prompt = _PROMPT.match(line)
        command = (line[prompt.end() :] if prompt else line).strip()
        is_meant = prompt is not None or block.language in _SHELL
        if is_meant and command and not command.startswith("#"):
            yield Command(text=command, title=block.title, line=number)


def _joined(block: _Block) -> Iterator[tuple[str, int]]:
    """Lines with their numbers; one that ends in a backslash goes on in the next."""
    open_text, began = "", 0
    for number, line in enumerate(block.lines, start=block.line):
        began = began or number
        if line.endswith("\\"):
            open_text += line[:-1].rstrip() + " "
            continue
        yield open_text + (line.strip() if open_text else line), began
        open_text, began = "", 0
    if open_text:
        yield open_text.rstrip(), began
