"""Commands on files: what may be read recursively, written or removed."""

from __future__ import annotations

import posixpath
import re

from ..invocation import Invocation
from ..paths import is_wide_root, refused_target, secret_in
from .finding import Finding, change, forbidden

_RECURSIVE = ("-r", "-R", "--recursive", "--dereference-recursive")
_ALWAYS_RECURSIVE = frozenset({"rg", "ag"})
_WITHOUT_PATTERN = frozenset({"diff", "cmp", "diff3", "zdiff"})
_IN_PLACE = ("-i", "--in-place", "--inplace")
_MODE = re.compile(r"0?[0-7]{3}|[ugoa]*[-+=][rwxX]+(,[ugoa]*[-+=][rwxX]+)*")
_WORLD_WRITABLE = re.compile(r"0?[0-7][0-7][2367]|.*[oa][ugoa]*[+=][rxX]*w.*|[+=][rxX]*w.*")
_OWNER = re.compile(r"[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?|:[a-z_][a-z0-9_-]*")
_PRIVILEGED = frozenset({"root", "wheel", "sudo", "docker", "adm", "shadow", "disk", "admin"})


def recursive_read(invocation: Invocation) -> Finding | None:
    """A recursive reader must not start where secrets lie below."""
    program = invocation.tool.path[0]
    recursive = (
        program in _ALWAYS_RECURSIVE
        or invocation.has(*_RECURSIVE)
        or "recurse" in invocation.values("-d", "--directories")
    )
    has_pattern = program not in _WITHOUT_PATTERN and not invocation.has("-e", "--regexp")
    roots = invocation.operands[1:] if has_pattern else invocation.operands
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
    if invocation.tool.path[0] == "rsync" and any(":" in word for word in invocation.operands):
        return forbidden("rsync works on another machine, or moves data to it")
    if invocation.tool.path[0] == "mv":
        # What has a suffix is taken for a file; without one it may be a whole folder.
        found = (
            _refuse((word,), recursive=not posixpath.splitext(word)[1], title="mv")
            for word in invocation.operands
        )
        return next((finding for finding in found if finding), None)
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
    if any(_packs_secrets(root, invocation) for root in invocation.operands):
        return forbidden("tar packs a folder that holds secrets")
    refused = _refuse(tuple(file for file in files if file != "-"), recursive=False, title="tar")
    return refused or change("tar -c writes an archive")


def _packs_secrets(root: str, invocation: Invocation) -> bool:
    folders = invocation.values("-C", "--directory")
    if not folders:
        return root != "." and is_wide_root(root)
    places = (posixpath.join(folder, root) for folder in folders)
    return any(is_wide_root(place) or secret_in(place) for place in places)


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
