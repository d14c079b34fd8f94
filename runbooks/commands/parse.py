"""A command line becomes the argv lists it stands for, or the reason why it has none.

Two readers must agree: a real shell grammar says which constructs the line uses, and a strict
scanner says where words begin and what they are. Only plain words, quotes and `|` pass; a line that
either of them reads differently is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from .words import ScanError, Word, scan

MAX_CHARS = 4000
MAX_STAGES = 8

# What the grammar may see; everything else has a name for the person who wrote it.
_PLAIN = frozenset(
    [
        "program",
        "pipeline",
        "command",
        "command_name",
        "word",
        "number",
        "raw_string",
        "string",
        "string_content",
        "concatenation",
        "variable_assignment",
        "variable_name",
        "|",
        "$",
        '"',
        "=",
    ]
)
_CONSTRUCTS = {
    "list": "chaining (&&, || or ;)",
    "&": "a background job",
    ";": "chaining (;)",
    "|&": "a pipe of the error output",
    "redirected_statement": "a redirection",
    "file_redirect": "a redirection",
    "heredoc_redirect": "a here-document",
    "herestring_redirect": "a here-string",
    "command_substitution": "command substitution",
    "process_substitution": "process substitution",
    "simple_expansion": "a variable",
    "expansion": "a variable",
    "arithmetic_expansion": "arithmetic expansion",
    "brace_expression": "brace expansion",
    "ansi_c_string": "$'...' quoting",
    "translated_string": '$"..." quoting',
    "subshell": "a subshell",
    "compound_statement": "a group of commands",
    "function_definition": "a function",
    "negated_command": "a negation",
    "comment": "a comment",
}


class CommandSyntaxError(Exception):
    """The line is not plain commands; the message names the construct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One command of a pipeline.

    Attributes:
        assignments: `NAME=value` words before the command, as (name, value).
    """

    argv: tuple[str, ...]
    assignments: tuple[tuple[str, str], ...] = ()


def parse(command: str | Sequence[str]) -> tuple[Stage, ...]:
    """Read a line, or take an argv as it is.

    Returns:
        The stages of the pipeline, at least one, each with a non-empty argv.

    Raises:
        CommandSyntaxError: It is not understood, or uses a construct that is never allowed.
    """
    if isinstance(command, str):
        _check_characters(command)
        return _parse_line(command)
    argv = tuple(command)
    if not argv or not argv[0]:
        raise CommandSyntaxError("there is no command")
    if sum(len(word) + 1 for word in argv) > MAX_CHARS:
        raise CommandSyntaxError(f"longer than {MAX_CHARS} characters")
    for word in argv:
        _check_characters(word)
    return (Stage(argv=argv),)


def _check_characters(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise CommandSyntaxError(f"longer than {MAX_CHARS} characters")
    for char in text:
        if char in "\r\n":
            raise CommandSyntaxError("holds a line break")
        if ord(char) < 0x20 or ord(char) == 0x7F:
            raise CommandSyntaxError("holds a control character")
        if ord(char) > 0x7F:
            raise CommandSyntaxError(f"holds the non-ASCII character U+{ord(char):04X}")


def _parse_line(line: str) -> tuple[Stage, ...]:
    root = Parser(_language()).parse(line.encode("ascii")).root_node
    for node in _nodes(root):
        if node.type in _CONSTRUCTS:
            raise CommandSyntaxError(f"uses {_CONSTRUCTS[node.type]}")
    try:
        scanned = scan(line)
    except ScanError as exc:
        raise CommandSyntaxError(str(exc)) from exc
    if root.has_error or any(node.type not in _PLAIN for node in _nodes(root)):
        raise CommandSyntaxError("is not a plain command")
    if not scanned or not all(scanned):
        raise CommandSyntaxError("there is no command")
    if len(scanned) > MAX_STAGES:
        raise CommandSyntaxError(f"is a pipe of more than {MAX_STAGES} commands")
    if [[word.span for word in words] for words in scanned] != _spans(root):
        raise CommandSyntaxError("can be read in more than one way")
    return tuple(_stage(words) for words in scanned)


def _stage(words: tuple[Word, ...]) -> Stage:
    n_assignments = 0
    assignments: list[tuple[str, str]] = []
    for word in words:
        name, equals, value = word.text.partition("=")
        if not equals or not name.replace("_", "a").isalnum() or name[0].isdigit():
            break
        assignments.append((name, value))
        n_assignments += 1
    argv = tuple(word.text for word in words[n_assignments:])
    if not argv or not argv[0]:
        raise CommandSyntaxError("there is no command")
    return Stage(argv=argv, assignments=tuple(assignments))


def _spans(root: Node) -> list[list[tuple[int, int]]]:
    """Word spans of each command, as the grammar sees them; empty when it is no plain pipeline."""
    if len(root.children) != 1:
        return []
    top = root.children[0]
    if top.type == "command":
        return [_command_spans(top)]
    if top.type != "pipeline":
        return []
    commands = [child for child in top.children if child.type != "|"]
    if any(child.type != "command" for child in commands):
        return []
    return [_command_spans(child) for child in commands]


def _command_spans(command: Node) -> list[tuple[int, int]]:
    return [(child.start_byte, child.end_byte) for child in command.children]


def _nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.children)


@cache
def _language() -> Language:
    return Language(tree_sitter_bash.language())
