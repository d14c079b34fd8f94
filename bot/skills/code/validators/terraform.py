"""Terraform, parsed by python-hcl2; providers are not there, so their arguments stay unchecked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import cast

import hcl2
from lark.exceptions import LarkError

from ..verdict import Verdict

_TOOL = "python-hcl2"
# How many labels a block has: `resource "aws_instance" "web"` has two.
_LABELS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "check": 1,
    "terraform": 0,
    "locals": 0,
    "moved": 0,
    "removed": 0,
    "import": 0,
}
_REFERENCE = re.compile(r"(?<![\w.\"-])(var|local|data|module)\.([\w-]+)(?:\.([\w-]+))?")
_MARKS = frozenset({"__is_block__", "__comments__", "__inline_comments__"})


async def check(code: str) -> Verdict:
    """Parse a configuration; references to what it does not declare are left open."""
    try:
        tree = await asyncio.to_thread(read, code)
    except ValueError as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    problem = _block_problem(tree)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    elsewhere = _declared_elsewhere(tree, code)
    missing = f"where {', '.join(elsewhere)} are declared: not in this code"
    return Verdict(
        tool=_TOOL,
        checked=(f"parsed as HCL by {_TOOL}, blocks and labels are Terraform's",),
        unchecked=(
            "the arguments against the provider's schema",
            *((missing,) if elsewhere else ()),
        ),
    )


def read(code: str) -> dict[str, object]:
    """The configuration as mappings and lists, strings without their quotes.

    Raises:
        ValueError: It is not HCL.
    """
    try:
        text = code.rstrip() + "\n"
        tree = cast("object", hcl2.loads(text))  # pyright: ignore[reportUnknownMemberType]
    except LarkError as exc:
        raise ValueError(_where(exc)) from exc
    except (RecursionError, TypeError, KeyError) as exc:
        raise ValueError(f"cannot be parsed: {exc}") from exc
    return cast("dict[str, object]", _plain(tree))


def _where(exc: LarkError) -> str:
    line = getattr(exc, "line", None)
    words = " ".join(str(exc).splitlines()[0].split())
    words = re.sub(r"Token\('(\w+)', ('.*?')\)", r"\2", words)
    return words if line is None or f"line {line}" in words else f"line {line}: {words}"


def _plain(value: object) -> object:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {_unquoted(k): _plain(v) for k, v in fields.items() if k not in _MARKS}
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[object]", value)]
    return _unquoted(value) if isinstance(value, str) else value


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


def _block_problem(tree: dict[str, object]) -> str:
    if not tree:
        return "there is no block"
    for name, blocks in tree.items():
        if name not in _LABELS:
            return f"{name} is no block of Terraform"
        if not isinstance(blocks, list):
            return f"{name} must be a block, not a value"
        for block in cast("list[object]", blocks):
            if not _has_labels(block, _LABELS[name]):
                return f"a {name} block has {_LABELS[name]} labels"
    return ""


def _has_labels(block: object, n: int) -> bool:
    """Whether labels are wrapped around a block's body, one mapping of one key each."""
    for _ in range(n):
        if not isinstance(block, dict) or len(cast("dict[str, object]", block)) != 1:
            return False
        block = next(iter(cast("dict[str, object]", block).values()))
    return isinstance(block, dict)


def _declared_elsewhere(tree: dict[str, object], code: str) -> tuple[str, ...]:
    declared = {f"var.{name}" for name in _labels(tree, "variable")}
    declared |= {f"module.{name}" for name in _labels(tree, "module")}
    declared |= {f"local.{name}" for name in _labels(tree, "locals")}
    declared |= {f"data.{name}" for name in _labels(tree, "data")}
    used = {f"{m.group(1)}.{m.group(2)}" for m in _REFERENCE.finditer(code)}
    return tuple(sorted(used - declared))


def _labels(tree: dict[str, object], name: str) -> Iterator[str]:
    for block in cast("list[object]", tree.get(name, [])):
        yield from cast("dict[str, object]", block)
