"""git: where it talks to, and which verbs change the repository."""

from __future__ import annotations

import re

from ..invocation import Invocation
from .finding import Finding, change, forbidden

_REMOTE_HELPER = re.compile(r"::|^-|^ext|^fd|--upload-pack|--receive-pack")
_SECRET_SETTING = re.compile(
    r"token|password|secret|credential|extraheader|^http\.|^url\.", re.IGNORECASE
)
_SHARED_FOLDER = re.compile(r"/+(tmp|var/+tmp|dev/+shm|proc)\b|.*\.\.")
_READABLE_SETTING = re.compile(r"[A-Za-z0-9][A-Za-z0-9.*/_-]*")


def folder(invocation: Invocation) -> Finding | None:
    """A repository brings its own settings: not from where anybody can put one."""
    if any(_SHARED_FOLDER.match(path) for path in invocation.values("-C")):
        return forbidden("git works in a folder that anybody can write")
    return None


def remote(invocation: Invocation) -> Finding | None:
    """No remote helpers, which run commands."""
    if any(_REMOTE_HELPER.search(word) for word in invocation.operands):
        return forbidden("git would talk through a remote helper, which runs commands")
    return None


def branch(invocation: Invocation) -> Finding | None:
    """branch and tag list when they only have listing options; with a name they make one."""
    listing = invocation.has(
        "-l", "--list", "-a", "--all", "-r", "--remotes", "--contains", "--merged", "--no-merged",
        "--points-at", "--show-current", "-n",
    )  # fmt: skip
    if invocation.operands and not listing:
        return change(f"{invocation.tool.title} makes or moves a reference")
    return None


def config(invocation: Invocation) -> Finding | None:
    """config: reading one plain setting, or the list."""
    if not invocation.has("--get", "--get-all", "--get-regexp", "-l", "--list", "--show-origin"):
        return forbidden("git config sets what git runs")
    if any(_SECRET_SETTING.search(word) for word in invocation.operands):
        return forbidden("git config shows credentials")
    if any(not _READABLE_SETTING.fullmatch(word) for word in invocation.operands):
        return forbidden("git config of a setting that is not plain")
    return None


def stash(invocation: Invocation) -> Finding | None:
    """`git stash` alone stashes."""
    if invocation.tool.path[-1] != "stash":
        return None
    return change("git stash changes the working tree")


def push(invocation: Invocation) -> Finding | None:
    """push: not over others' work, not deleting."""
    if any(word.startswith(("+", ":")) for word in invocation.operands):
        return forbidden("git push overwrites or deletes a branch")
    return remote(invocation)


def commit(invocation: Invocation) -> Finding | None:
    """A commit without a message opens an editor."""
    if invocation.has("-m", "--message", "--no-edit", "--fixup", "--dry-run"):
        return None
    return forbidden("git commit without a message opens an editor")
