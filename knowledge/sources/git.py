"""A git repository as a source: a checkout of our own, brought up to date at every read."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from ..documents import SkippedFile
from ..errors import SourceError
from .defaults import NO_DEFAULTS, SourceDefaults
from .files import FileReader, Found, FoundFile, setup_of
from .git_program import Git, without_credentials
from .tree import files_under

_HEAD = "FETCH_HEAD"
_LOCK_WAIT_S = 5.0


class GitSource:
    """The documents of one branch.

    Args:
        remote: An address as `git clone` takes it; what credentials it needs are git's own matter.
        checkouts: Folder of this and other checkouts; made when missing.
        branch: Empty: the one the remote names as its main one.
        under: Folder inside the repository that holds the documents; empty: all of it.
        git: Runs the program; None: the usual one.
    """

    kind = "git"

    def __init__(
        self,
        *,
        name: str,
        remote: str,
        checkouts: Path,
        branch: str = "",
        under: str = "",
        defaults: SourceDefaults = NO_DEFAULTS,
        git: Git | None = None,
    ) -> None:
        self.name = name
        self._remote = remote
        self._branch = branch
        self._under = under.strip("/")
        self._defaults = defaults
        self._git = git or Git(remote)
        digest = hashlib.sha256(remote.encode()).hexdigest()[:12]
        slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
        self._checkout = checkouts / f"{slug}-{digest}"

    @property
    def setup(self) -> str:
        """Digest of what shapes the documents beside their bytes."""
        return setup_of(self.kind, self._defaults, self._remote, self._branch, self._under)

    def read(self, known: Mapping[str, str]) -> Iterator[Found]:
        """See `Source.read`; when the remote is down, nothing is read and nothing is lost."""
        self._checkout.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{self._checkout}.lock")
        try:
            with lock.acquire(timeout=_LOCK_WAIT_S):
                self._update()
                root = self._root()
                files = self._dated(files_under(root))
                yield from FileReader(source=self.name, defaults=self._defaults).read(files, known)
        except Timeout as exc:
            place = without_credentials(self._remote)
            raise SourceError(place, "another process is reading this repository") from exc

    def _update(self) -> None:
        """Make the checkout what the branch is now; one that turns out damaged is made anew."""
        if not self._is_usable():
            self._begin()
        self._fetch()
        try:
            self._check_out()
        except SourceError:
            self._begin()
            self._fetch()
            self._check_out()

    def _begin(self) -> None:
        shutil.rmtree(self._checkout, ignore_errors=True)
        self._git.run("init", "--quiet", "--", str(self._checkout))
        self._run("remote", "add", "--", "origin", self._remote)

    def _fetch(self) -> None:
        for left_behind in (self._checkout / ".git").glob("*.lock"):  # by a git that was killed
            left_behind.unlink(missing_ok=True)
        self._run(
            "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--force",
            "--filter=blob:none", "origin", "--", self._branch or "HEAD",
        )  # fmt: skip

    def _check_out(self) -> None:
        self._run("checkout", "--quiet", "--force", "--detach", _HEAD)
        self._run("clean", "--quiet", "-ffdx")

    def _is_usable(self) -> bool:
        if not (self._checkout / ".git" / "HEAD").is_file():
            return False
        try:
            return self._run("rev-parse", "--git-dir").strip() == b".git"
        except SourceError:
            return False

    def _run(self, *arguments: str) -> bytes:
        return self._git.run(*arguments, folder=self._checkout)

    def _root(self) -> Path:
        checkout = self._checkout.resolve()
        root = (checkout / self._under).resolve()
        if not root.is_relative_to(checkout) or not root.exists():
            raise SourceError(
                without_credentials(self._remote), f"it has no folder {self._under!r}"
            )
        return root

    def _dated(self, files: Iterator[FoundFile | SkippedFile]) -> Iterator[FoundFile | SkippedFile]:
        """Files with the time of the last commit that changed them."""
        changed_at = last_changes(self._run(*_LOG, "--", *([self._under] if self._under else [])))
        for file in files:
            if isinstance(file, SkippedFile):
                yield file
                continue
            path = PurePosixPath(self._under, file.path).as_posix()
            yield replace(file, changed_at=changed_at.get(path))


_LOG = (
    "log", "-z", "--no-renames", "--diff-merges=off", "--name-only", "--format=%x01%ct", "HEAD",
)  # fmt: skip


def last_changes(log: bytes) -> Mapping[str, datetime]:
    """The newest commit time of each path in what `git log` wrote, newest commit first."""
    changed_at: dict[str, datetime] = {}
    now = datetime.now(UTC)
    for field in log.split(b"\0"):
        text = field.decode("utf-8", "surrogateescape").lstrip("\n")
        if text.startswith("\x01"):
            stamp, _, text = text[1:].partition("\n")
            now = datetime.fromtimestamp(int(stamp), UTC) if stamp.strip().isdecimal() else now
        if text:
            changed_at.setdefault(text, now)
    return changed_at
