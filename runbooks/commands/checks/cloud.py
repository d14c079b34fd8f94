"""aws, gcloud and az: operations by the words of their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from ..invocation import Invocation
from ..paths import is_wide_root, refused_target
from .finding import Finding, change, forbidden

_FILE_VALUE = re.compile(r"^(file|fileb)://|^@")
_USER_DATA = re.compile(
    r"user-?data|startup-script|custom-data|ssh-keys|password|publicly-accessible", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """Patterns over `service operation`, tried in this order; nothing matching is refused."""

    forbidden: re.Pattern[str]
    change: re.Pattern[str]
    read: re.Pattern[str]


def aws(invocation: Invocation) -> Finding | None:
    """`aws SERVICE OPERATION [options]`; s3's own verbs also have operands."""
    words = invocation.operands
    if len(words) < 2:
        return forbidden("aws needs a service and an operation")
    if len(words) > 2 and words[0] not in {"s3", "logs", "configure"} and words[1] != "wait":
        return forbidden("aws would write its answer to a file")
    if words[0] == "s3":
        return _s3(invocation)
    return _judge("aws", f"{words[0]} {words[1]}", invocation)


def gcloud(invocation: Invocation) -> Finding | None:
    """`gcloud GROUP.. VERB [NAME..]`."""
    return _judge("gcloud", _until_verb("gcloud", invocation.operands), invocation)


def az(invocation: Invocation) -> Finding | None:
    """`az GROUP.. VERB`, everything else in options."""
    return _judge("az", " ".join(invocation.operands), invocation)


def _s3(invocation: Invocation) -> Finding | None:
    verb = invocation.operands[1]
    reason = _refuse_local(invocation.operands[2:])
    if reason:
        return forbidden(f"aws s3 {verb}: {reason}")
    recursive = invocation.has("--recursive")
    if verb == "ls":
        return None
    if verb == "cp" and not recursive and all(_is_named(word) for word in invocation.operands[2:]):
        return change("aws s3 cp copies an object")
    if verb == "mb" or (verb in {"rm", "mv"} and not recursive):
        return change(f"aws s3 {verb} changes a bucket")
    if verb == "sync" and not invocation.has("--delete"):
        return change("aws s3 sync writes objects")
    return forbidden(f"aws s3 {verb} may destroy or give away a whole bucket")


def _refuse_local(places: tuple[str, ...]) -> str | None:
    """Local places: what is read must not be wide, what is written must be writable."""
    local = [place for place in places if not place.startswith("s3://")]
    if any(is_wide_root(place) for place in local if place != "."):
        return "a folder that holds secrets"
    if len(places) > 1 and places[-1] in local and places[-1] not in {"-", "."}:
        reason = refused_target(places[-1], recursive=False)
        return f"{places[-1]} {reason}" if reason else None
    return None


def _is_named(word: str) -> bool:
    return word not in {"-", "/", "."}


def _until_verb(tool: str, words: tuple[str, ...]) -> str:
    """The words up to the first that is a verb: what follows are names."""
    rules = _rules()[tool]
    for n_words in range(1, len(words) + 1):
        text = " ".join(words[:n_words])
        if any(pattern.fullmatch(text) for pattern in (rules.forbidden, rules.change, rules.read)):
            return text
    return " ".join(words)


def _judge(tool: str, operation: str, invocation: Invocation) -> Finding | None:
    rules = _rules()[tool]
    values = [value for _, value in invocation.options if value] + list(invocation.operands)
    if any(_FILE_VALUE.search(value) for value in values):
        return forbidden(f"{tool} takes values from a file that nobody here has seen")
    if any(
        _USER_DATA.search(word) for word in (*values, *(name for name, _ in invocation.options))
    ):
        return forbidden(f"{tool} reads or sets what machines run at start, or a password")
    if rules.forbidden.fullmatch(operation):
        return forbidden(f"{tool} {operation} hands out credentials, destroys, or changes rights")
    if rules.change.fullmatch(operation):
        return change(f"{tool} {operation} changes something")
    if rules.read.fullmatch(operation):
        return None
    return forbidden(f"{tool} {operation} is not known")


@cache
def _rules() -> Mapping[str, _Rules]:
    text = files("runbooks.commands").joinpath("cloud.yaml").read_text(encoding="utf-8")
    data: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(text)
    return {
        tool: _Rules(**{name: re.compile("|".join(patterns)) for name, patterns in lists.items()})
        for tool, lists in data.items()
    }
