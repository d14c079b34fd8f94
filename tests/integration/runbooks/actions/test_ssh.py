"""SSH: only the pinned machine, each word one argument, and the same with OpenSSH's server."""

# asyncssh leaves some of its parameters without a type.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import psutil
import pytest

from runbooks.actions.base import ActionContext, ActionResult, collect
from runbooks.actions.kinds import SshAction
from runbooks.actions.ssh import SshRunner
from runbooks.targets import SshTarget, Targets

from .conftest import SshServer, free_port

CODE = "import sys; print(sys.argv[1:])"


async def run(target: SshTarget, *argv: str, timeout_s: float = 30.0) -> ActionResult:
    runner = SshRunner(Targets(by_name={"there": target}), grace_s=1.0)
    action = SshAction(target="there", argv=argv, timeout_s=timeout_s)
    async with asyncio.timeout(60):
        return await collect(runner, action, ActionContext())


async def test_every_word_stays_one_argument(ssh_server: SshServer) -> None:
    words = ["a b", "$(id)", "*", ";", "'", '"', "`id`", "\\", "&&", "x=y", "", "#"]
    result = await run(ssh_server.target(), sys.executable, "-c", CODE, *words)
    assert (result.ok, result.output) == (True, str(words))


async def test_nothing_is_sent_to_a_machine_with_another_key(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    mark = tmp_path / "mark"
    result = await run(ssh_server.target(host_keys=(other,)), "touch", str(mark))
    assert not result.ok
    assert "another host key than the pinned" in result.detail
    assert not mark.exists()


async def test_a_target_without_a_key_is_not_asked(ssh_server: SshServer) -> None:
    result = await run(ssh_server.target(host_keys=()), "true")
    assert "no host key is pinned" in result.detail


async def test_a_key_that_is_not_let_in_says_so(ssh_server: SshServer, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))
    result = await run(ssh_server.target(key_file=stranger), "true")
    assert "does not let ops in" in result.detail


async def test_a_key_file_that_is_gone_says_so(ssh_server: SshServer, tmp_path: Path) -> None:
    result = await run(ssh_server.target(key_file=tmp_path / "gone"), "true")
    assert not result.ok
    assert "gone" in result.detail


@pytest.fixture
def openssh(tmp_path: Path, ssh_server: SshServer) -> Iterator[SshTarget]:
    """OpenSSH's server for root, with the keys of the other server."""
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    if sshd is None or os.geteuid() != 0:
        pytest.skip("OpenSSH's server is not installed, or this user cannot start it")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    key_path = tmp_path / "host_key"
    host_key.write_private_key(str(key_path))
    key_path.chmod(0o600)
    port = free_port()
    Path("/run/sshd").mkdir(exist_ok=True)
    config = tmp_path / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {key_path}\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {tmp_path / 'authorized'}\nPermitRootLogin prohibit-password\n"
    )
    process = subprocess.Popen(
        [sshd, "-D", "-e", "-f", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    key = host_key.export_public_key().decode()
    yield replace(ssh_server.target(host_keys=(key,), port=port), user="root")
    process.terminate()
    process.wait(timeout=10)


async def reached(target: SshTarget) -> ActionResult:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        result = await run(target, "printf", "%s\n", "it's  here")
        if "cannot be reached" not in result.detail:
            return result
        await asyncio.sleep(0.05)
    raise TimeoutError("OpenSSH's server did not start")


async def test_openssh_runs_and_ends_a_program(openssh: SshTarget, tmp_path: Path) -> None:
    result = await reached(openssh)
    assert (result.ok, result.output) == (True, "it's  here"), result
    failed = await run(openssh, "ls", "/no/such/folder")
    assert (failed.ok, failed.exit_status) == (False, 2)
    mark = f"610.{os.getpid()}"
    late = await run(openssh, "sleep", mark, timeout_s=1.5)
    assert late.detail.startswith("timed out after 1.5 s, ended on the other side")
    lines = [
        " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])
    ]
    assert not any(mark in line for line in lines)
