"""A git repository with simulated commits, made in one go by `git fast-import`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from .incident import SimulatedCommit

_AUTHOR = "Sim Author <sim@example.invalid>"


def make_repository(folder: Path, commits: Sequence[SimulatedCommit]) -> Path:
    """Make a repository; blocks.

    Raises:
        OSError: git is not installed.
        subprocess.CalledProcessError: git refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    git = ("git", "-C", str(folder))
    _run([*git, "init", "--quiet", "--initial-branch=main"])
    stream = b"".join(_entry(each) for each in sorted(commits, key=lambda each: each.at))
    _run([*git, "fast-import", "--quiet"], stream)
    return folder


def _run(argv: Sequence[str], stdin: bytes = b"") -> None:
    subprocess.run(argv, input=stdin, check=True, capture_output=True)  # noqa: S603 - git


def _entry(commit: SimulatedCommit) -> bytes:
    when = f"{int(commit.at.timestamp())} +0000"
    subject = commit.subject.encode()
    content = f"{when}\n".encode()
    return b"".join(
        (
            f"commit refs/heads/main\ncommitter {_AUTHOR} {when}\n".encode(),
            f"data {len(subject)}\n".encode() + subject + b"\n",
            f"M 100644 inline {commit.path}\n".encode(),
            f"data {len(content)}\n".encode() + content + b"\n",
        )
    )
