"""jq programs, compiled by libjq; compiling reads no input."""

from __future__ import annotations

import asyncio
import re
import shlex

import jq

from ..verdict import Verdict

_TOOL = "jq"
_COMMANDS = re.compile(r"\b(?:jq|kubectl|curl|cat)\b")
_ONLY_PROGRAM = "; write only the program, without jq and the commands before it"
_WITH_VALUE = {"--arg": 2, "--argjson": 2, "--slurpfile": 2, "--rawfile": 2, "--indent": 1}


async def check(code: str) -> Verdict:
    """Compile a program, also one that stands in a `jq ... '...'` command line."""
    program = program_of(code)
    names = dict.fromkeys(arguments_of(code), "")
    try:
        await asyncio.to_thread(_compile, program, names)
    except ValueError as exc:
        first = " ".join(str(exc).split("\n", 1)[0].split()).rstrip(":")
        hint = _ONLY_PROGRAM if _COMMANDS.search(program) else ""
        return Verdict(tool=_TOOL, problem=f"{first}{hint}")
    return Verdict(
        tool=_TOOL,
        checked=("compiled by jq",),
        unchecked=("whether the document has these keys",),
    )


def _compile(program: str, names: dict[str, str]) -> None:
    jq.compile(program, names)  # pyright: ignore[reportUnknownMemberType]


def program_of(code: str) -> str:
    """The program itself: what stands alone, or the first argument of a `jq` command line."""
    words = _command_words(code)
    return next(iter(_positional(words)), "") if words else code.strip()


def arguments_of(code: str) -> tuple[str, ...]:
    """The names that a command line gives its program with `--arg` and `--argjson`."""
    words = _command_words(code)
    return tuple(
        words[i + 1] for i, word in enumerate(words[:-1]) if word in {"--arg", "--argjson"}
    )


def flags_of(code: str) -> frozenset[str]:
    """The single letters and long options of a `jq` command line."""
    found: set[str] = set()
    for word in _command_words(code)[1:]:
        if word.startswith("--"):
            found.add(word)
        elif word.startswith("-"):
            found.update(word[1:])
    return frozenset(found)


def _command_words(code: str) -> list[str]:
    """The words of a `jq` call, as far as the next pipe; none when this is a bare program."""
    try:
        words = shlex.split(code.strip())
    except ValueError:
        return []
    if "jq" not in words[:1] and not (words[:1] in (["cat"], ["kubectl"], ["curl"])):
        return []
    begin = next((i for i, word in enumerate(words) if word == "jq"), None)
    return [] if begin is None else words[begin:]


def _positional(words: list[str]) -> list[str]:
    found: list[str] = []
    skip = 0
    for word in words[1:]:
        if skip:
            skip -= 1
        elif word.startswith("-") and len(word) > 1:
            skip = _WITH_VALUE.get(word, 0)
        else:
            found.append(word)
    return found
