"""What the documents say about commands, files and modules is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "docker/README.md"])
_FENCE = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_MENTIONED = re.compile(r"^(?:\$ )?(?:\S*=\S* )*(?:\.venv/bin/)?opsbot (.+)$")


def documented_commands() -> Iterator[tuple[str, str]]:
    """(document, arguments of `opsbot`) for every command line in a fence or a code span."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        fences = [line for block in _FENCE.findall(text) for line in block.splitlines()]
        spans = _SPAN.findall(_FENCE.sub("", text))
        for line in [*fences, *spans]:
            found = _MENTIONED.match(line.strip())
            if found:
                yield document.name, found.group(1).partition("  #")[0].rstrip()


def walk(arguments: str) -> str:
    """Follow a command line down the command tree; returns what is wrong with it, or nothing."""
    from bot.cli.root import app

    command = typer.main.get_command(app)
    words = [word for word in shlex.split(arguments, comments=True) if word != "..."]
    while words and isinstance(command, TyperGroup) and not words[0].startswith("-"):
        known = command.commands
        several = words[0].split("|")
        missing = [name for name in several if name not in known]
        if missing and command.invoke_without_command:
            break
        if missing:
            return f"there is no command {missing[0]!r}"
        command = known[several[-1]]
        words = words[1:]
    options = {name for parameter in command.params for name in parameter.opts}
    used = [word.partition("=")[0].strip("[]") for word in words if word.strip("[").startswith("-")]
    strange = [option for option in used if option not in {*options, "--help", "-h"}]
    return f"there is no option {strange[0]!r}" if strange else ""


@pytest.mark.parametrize(("document", "arguments"), sorted(set(documented_commands())))
def test_a_documented_command_exists_with_its_options(document: str, arguments: str) -> None:
    assert walk(arguments) == "", f"{document}: opsbot {arguments}"


def test_a_wrong_command_or_option_would_be_found() -> None:
    assert walk("models pull qwen2.5-coder-0.5b --source auto") == ""
    assert "reticulate" in walk("models reticulate")
    assert "--loudly" in walk("models list --loudly")


def test_make_targets_that_documents_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]
    named = {
        name
        for text in texts
        for name in re.findall(r"(?:`|^)make ([a-z-]+)", text, flags=re.MULTILINE)
    }
    assert named
    assert named <= targets


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in _LINK.findall(document.read_text(encoding="utf-8"))
        if not target.startswith(("https://", "#"))
        and not (document.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_generated_parts_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
