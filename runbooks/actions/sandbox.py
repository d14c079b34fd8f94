"""Shuts a program in that was declared to change nothing: bubblewrap, where it is there and works.

The whole file system can be seen and none of it written, but for the run's own folder, which is also
its place for temporary files. What only looks at files and processes gets no network either; other
programs keep it, for a check of a port or of a database would answer wrongly without.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROGRAM = "bwrap"
_PROBE_S = 5.0
_NEVER = ("SYS_ADMIN", "SYS_MODULE", "SYS_BOOT", "SYS_TIME", "MKNOD", "NET_ADMIN")
# `nginx -t` opens its log and pid files for writing, and fails where it cannot.
_WRITES_WHILE_IT_LOOKS = frozenset({"nginx"})
_SOCKETS = (
    "/run/docker.sock",
    "/run/podman/podman.sock",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
)
_OFFLINE = frozenset(
    [
        "awk",
        "base64",
        "basename",
        "cat",
        "cksum",
        "cmp",
        "comm",
        "cut",
        "date",
        "df",
        "diff",
        "dirname",
        "du",
        "echo",
        "egrep",
        "expand",
        "expr",
        "fgrep",
        "file",
        "find",
        "findmnt",
        "fmt",
        "fold",
        "free",
        "getfacl",
        "grep",
        "gunzip",
        "gzip",
        "head",
        "hexdump",
        "iostat",
        "join",
        "jq",
        "last",
        "ls",
        "lsattr",
        "lsblk",
        "md5sum",
        "mpstat",
        "namei",
        "nl",
        "od",
        "paste",
        "pgrep",
        "pidof",
        "pidstat",
        "printf",
        "ps",
        "readlink",
        "realpath",
        "rev",
        "sed",
        "sha1sum",
        "sha256sum",
        "sha512sum",
        "sort",
        "stat",
        "strings",
        "tac",
        "tail",
        "tar",
        "test",
        "top",
        "tr",
        "tree",
        "tsort",
        "uniq",
        "uptime",
        "vmstat",
        "wc",
        "xz",
        "yq",
        "zcat",
        "zgrep",
        "zstd",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Whether programs can be shut in.

    Attributes:
        program: Absolute path of bubblewrap; empty when it is not there or does not work.
        fault: Why not, one sentence; empty when it works.
    """

    program: str = ""
    fault: str = ""

    def can_hold(self, executable: str) -> bool:
        """Whether a program gives its true answer when it is shut in."""
        return bool(self.program) and Path(executable).name not in _WRITES_WHILE_IT_LOOKS

    def wrap(self, argv: Sequence[str], home: str) -> tuple[str, ...]:
        """An argv that runs another one shut in.

        Args:
            argv: Begins with an absolute path.
            home: The run's own folder, the only one that can be written.
        """
        offline = ("--unshare-net",) if argv[0].rsplit("/", 1)[-1] in _OFFLINE else ()
        dropped = [word for name in _NEVER for word in ("--cap-drop", f"CAP_{name}")]
        doors = self._doors() if offline else ()
        return (
            self.program,
            *("--ro-bind", "/", "/"),
            *("--dev-bind", "/dev", "/dev"),
            *("--bind", home, home),
            *doors,
            *dropped,
            *offline,
            "--die-with-parent",
            "--",
            *argv,
        )

    def _doors(self) -> tuple[str, ...]:
        """Sockets of services that act for whoever can reach them: a read-only mount is no wall."""
        there = (path for path in _SOCKETS if Path(path).exists())
        return tuple(word for path in there for word in ("--ro-bind", "/dev/null", path))


@cache
def find_sandbox() -> Sandbox:
    """Look for bubblewrap and try it, once in the life of this process."""
    program = shutil.which(_PROGRAM)
    if program is None:
        return Sandbox(fault="bubblewrap (bwrap) is not installed")
    argv = Sandbox(program=program).wrap(("/bin/true",), "/var/empty")
    probe = [*argv[: argv.index("--bind")], *argv[argv.index("--bind") + 3 :]]
    try:
        done = subprocess.run(  # noqa: S603 - an absolute path and words of our own
            [*probe[:-2], "--unshare-net", *probe[-2:]],
            capture_output=True,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return Sandbox(fault=f"bubblewrap cannot be started: {exc}")
    if done.returncode != 0:
        words = " ".join(done.stderr.decode("utf-8", errors="replace").split())
        return Sandbox(fault=f"bubblewrap does not work here: {words}")
    return Sandbox(program=program)
