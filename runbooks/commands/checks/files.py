"""Commands on files: what may be read recursively, written or removed."""

from __future__ import annotations

import re

from ..invocation import Invocation
from ..paths import is_wide_root, refused_target
from .finding import Finding, change, forbidden

_RECURSIVE = ("-r", "-R", "--recursive", "--dereference-recursive")
_IN_PLACE = ("-i", "--in-place", "--inplace")
_MODE = re.compile(r"0?[0-7]{3}|[ugoa]*[-+=][rwxX]+(,[ugoa]*[-+=][rwxX]+)*")
_WORLD_WRITABLE = re.compile(r"0?[0-7][0-7][2367]|.*[oa][ugoa]*[+=][rxX]*w.*|[+=][rxX]*w.*")
_OWNER = re.compile(r"[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?|:[a-z_][a-z0-9_-]*")
_PRIVILEGED = frozenset({"root", "wheel", "sudo", "docker", "adm", "shadow", "disk", "admin"})


def recursive_read(invocation: Invocation) -> Finding | None:
    """A recursive reader must not start where secrets lie below."""
    recursive = invocation.has(*_RECURSIVE) or "recurse" in invocation.values("-d", "--directories")
    roots = invocation.operands[1:] if not invocation.has("-e", "-f") else invocation.operands
    if recursive and any(is_wide_root(root) for root in roots if root not in {".", ".."}):
        return forbidden("reads everything below a folder that holds secrets")
    return None


def write_targets(invocation: Invocation) -> Finding | None:
    """Every operand may be written or removed."""
    recursive = invocation.has(*_RECURSIVE)
    return _refuse(invocation.operands, recursive=recursive, title=invocation.tool.title)


def last_target(invocation: Invocation) -> Finding | None:
    """The last operand is written; the others are read."""
    if len(invocation.operands) < 2:
        return forbidden(f"{invocation.tool.title} needs a source and a target")
    *sources, target = invocation.operands
    if invocation.tool.path[0] == "mv":
        sources = []
        return _refuse(invocation.operands, recursive=True, title="mv")
    if invocation.has("-r", "-R", "-a", "--recursive", "--archive") and any(
        is_wide_root(source) for source in sources if source not in {".", ".."}
    ):
        return forbidden("copies everything below a folder that holds secrets")
    return _refuse((target,), recursive=False, title=invocation.tool.title)


def archive(invocation: Invocation) -> Finding | None:
    """tar: listing reads, making an archive writes it, extracting may write anywhere."""
    files = invocation.values("-f", "--file")
    if any(":" in file for file in files):
        return forbidden("tar would reach for another machine")
    if invocation.has("-x", "--extract", "--get"):
        return forbidden("tar -x may write anywhere")
    if not invocation.has("-c", "--create"):
        return None if invocation.has("-t", "--list") else forbidden("tar needs -t or -c")
    if any(is_wide_root(root) for root in invocation.operands if root != "."):
        return forbidden("tar packs a folder that holds secrets")
    refused = _refuse(tuple(file for file in files if file != "-"), recursive=False, title="tar")
    return refused or change("tar -c writes an archive")


def mode(invocation: Invocation) -> Finding | None:
    """chmod: plain permissions of files that are not the system's."""
    if len(invocation.operands) < 2:
        return forbidden("chmod needs a mode and a file")
    wanted, *targets = invocation.operands
    if not _MODE.fullmatch(wanted):
        return forbidden("chmod sets privileges (setuid, setgid or sticky) or is not understood")
    if _WORLD_WRITABLE.fullmatch(wanted):
        return forbidden("chmod lets everybody write")
    return _refuse(tuple(targets), recursive=invocation.has("-R", "--recursive"), title="chmod")


def owner(invocation: Invocation) -> Finding | None:
    """chown and chgrp: to an ordinary user, of files that are not the system's."""
    if len(invocation.operands) < 2:
        return forbidden(f"{invocation.tool.title} needs an owner and a file")
    wanted, *targets = invocation.operands
    if not _OWNER.fullmatch(wanted) or _PRIVILEGED & set(wanted.split(":")):
        return forbidden(f"{invocation.tool.title} gives a file to a privileged owner")
    recursive = invocation.has("-R", "--recursive")
    return _refuse(tuple(targets), recursive=recursive, title=invocation.tool.title)


def in_place(invocation: Invocation) -> Finding | None:
    """sed -i and yq -i rewrite the files named after the program."""
    if not invocation.has(*_IN_PLACE):
        return None
    suffixes = [value for name, value in invocation.options if name in _IN_PLACE and value]
    if any(not re.fullmatch(r"[A-Za-z0-9_.~-]*", suffix) for suffix in suffixes):
        return forbidden(f"{invocation.tool.title} -i puts its copies elsewhere")
    scripted = invocation.has("-e", "--expression")
    targets = invocation.operands if scripted else invocation.operands[1:]
    return _refuse(targets, recursive=False, title=invocation.tool.title)


def _refuse(targets: tuple[str, ...], *, recursive: bool, title: str) -> Finding | None:
    if not targets:
        return forbidden(f"{title} has no target")
    for target in targets:
        reason = refused_target(target, recursive=recursive)
        if reason:
            return forbidden(f"{title}: {target} {reason}")
    return None
