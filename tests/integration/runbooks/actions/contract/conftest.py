"""One bench for each kind of action: a runner, what it can be asked, and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlencode

import psutil
import psycopg
import pytest

from runbooks.actions.ansible import AnsibleRunner
from runbooks.actions.base import ActionContext, ActionRunner
from runbooks.actions.clients import ClientRunner
from runbooks.actions.command import CommandLimits, CommandRunner
from runbooks.actions.http import HttpRunner
from runbooks.actions.kinds import (
    Action,
    AnsibleAction,
    CommandAction,
    DockerAction,
    HttpAction,
    KubernetesAction,
    SqlAction,
    SshAction,
)
from runbooks.actions.sql import SqlRunner
from runbooks.actions.ssh import SshRunner
from runbooks.targets import (
    DockerTarget,
    HttpTarget,
    KubernetesTarget,
    SqlTarget,
    Target,
    Targets,
)

from ..conftest import Postgres, SshServer, WebServer, free_port

PROGRAMS = CommandRunner(CommandLimits(grace_s=0.3))
GONE = "gone"
THERE = "there"

# What every program of these tests does: say, fail, hang (naming its process) or flood.
WORKER = """\
import os, sys, time
what, *words = sys.argv[1:]
for word in words:
    print(word, flush=True)
if what == "fail":
    sys.exit(3)
if what == "hang":
    time.sleep(600)
if what == "flood":
    line = "x" * 99 + "\\n"
    for _ in range(2000):
        sys.stdout.write(line * 500)
"""

KUBECTL = """\
import os, sys
flags = [word for word in sys.argv[1:] if word.startswith("--")]
words = [word for word in sys.argv[1:] if not word.startswith("--")]
if "--context=there" not in flags:
    print("error: context does not exist", file=sys.stderr)
    sys.exit(1)
os.execv(sys.executable, [sys.executable, WORKER, *words[1:]])
"""

DOCKER = """\
import os, sys
flags, words = sys.argv[1:2], sys.argv[2:]
if flags != ["--host=unix:///there.sock"]:
    print("Cannot connect to the Docker daemon. Is the docker daemon running?", file=sys.stderr)
    sys.exit(1)
os.execv(sys.executable, [sys.executable, WORKER, *words[1:]])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One kind of action at work.

    Attributes:
        say: An action whose output holds these lines and that succeeds.
        fail: An action that fails by itself.
        hang: An action that shows one line, if it can, and then goes on for ever.
        flood: An action with far more output than may be kept; None: the kind cannot have one.
        unreachable: An action on a target that is not there.
        complaint: What the result then says.
        is_working: Whether something of `hang` is still at work.
        streams: Lines come before the action is over.
    """

    runner: ActionRunner
    say: Callable[[list[str]], Action]
    fail: Action
    hang: Action
    flood: Action | None
    unreachable: Action
    complaint: str
    is_working: Callable[[], Awaitable[bool]]
    streams: bool = True
    context: ActionContext = field(default_factory=ActionContext)


def executable(path: Path, body: str, worker: Path) -> Path:
    path.write_text(f"#!{sys.executable}\nWORKER = {str(worker)!r}\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def one_target(target: Target, gone: Target) -> Targets:
    return Targets(by_name={THERE: target, GONE: gone})


def running_with(mark: str) -> Callable[[], Awaitable[bool]]:
    """Whether any process has this word in its command line."""

    async def look() -> bool:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if any(mark in word for word in process.cmdline()):
                    return True
        return False

    return look


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    path = tmp_path / "worker.py"
    path.write_text(WORKER)
    return path


@pytest.fixture
def mark(tmp_path: Path) -> str:
    return f"hang-{os.getpid()}-{tmp_path.name}"


@pytest.fixture
def command_bench(worker: Path, mark: str) -> Bench:
    def act(*words: str, program: str = "python") -> CommandAction:
        return CommandAction(argv=(program, str(worker), *words), timeout_s=60)

    return Bench(
        runner=PROGRAMS,
        say=lambda lines: act("say", *lines),
        fail=act("fail"),
        hang=act("hang", "begun", mark),
        flood=act("flood"),
        unreachable=act("say", program="absent"),
        complaint="no absolute path",
        is_working=running_with(mark),
        context=ActionContext(executables={"python": sys.executable}),
    )


@pytest.fixture
def kubernetes_bench(tmp_path: Path, worker: Path, mark: str) -> Bench:
    def act(*words: str, target: str = THERE) -> KubernetesAction:
        return KubernetesAction(argv=("logs", *words), target=target, timeout_s=60)

    kubectl = executable(tmp_path / "kubectl", KUBECTL, worker)
    targets = one_target(KubernetesTarget(context="there"), KubernetesTarget(context="gone"))
    return Bench(
        runner=ClientRunner(targets, PROGRAMS),
        say=lambda lines: act("say", *lines),
        fail=act("fail"),
        hang=act("hang", "begun", mark),
        flood=act("flood"),
        unreachable=act("say", target=GONE),
        complaint="context does not exist",
        is_working=running_with(mark),
        context=ActionContext(executables={"kubectl": str(kubectl)}),
    )


@pytest.fixture
def docker_bench(tmp_path: Path, worker: Path, mark: str) -> Bench:
    def act(*words: str, target: str = THERE) -> DockerAction:
        return DockerAction(argv=("logs", *words), target=target, timeout_s=60)

    docker = executable(tmp_path / "docker", DOCKER, worker)
    targets = one_target(
        DockerTarget(host="unix:///there.sock"), DockerTarget(host="unix:///gone.sock")
    )
    return Bench(
        runner=ClientRunner(targets, PROGRAMS),
        say=lambda lines: act("say", *lines),
        fail=act("fail"),
        hang=act("hang", "begun", mark),
        flood=act("flood"),
        unreachable=act("say", target=GONE),
        complaint="Cannot connect to the Docker daemon",
        is_working=running_with(mark),
        context=ActionContext(executables={"docker": str(docker)}),
    )


@pytest.fixture
def ssh_bench(worker: Path, mark: str, ssh_server: SshServer) -> Bench:
    def act(*words: str, target: str = THERE) -> SshAction:
        return SshAction(argv=(sys.executable, str(worker), *words), target=target, timeout_s=60)

    targets = one_target(ssh_server.target(), ssh_server.target(port=free_port()))
    return Bench(
        runner=SshRunner(targets, grace_s=1.0),
        say=lambda lines: act("say", *lines),
        fail=act("fail"),
        hang=act("hang", "begun", mark),
        flood=act("flood"),
        unreachable=act("say", target=GONE),
        complaint="cannot be reached",
        is_working=running_with(mark),
    )


@pytest.fixture
def ansible_bench(mark: str, tmp_path: Path) -> Bench:
    programs = {name: shutil.which(name, path=bin_path()) for name in ("ansible",)}
    if programs["ansible"] is None:
        pytest.skip("Ansible is not installed")

    def act(module: str, **arguments: str) -> AnsibleAction:
        return AnsibleAction(module=f"ansible.builtin.{module}", arguments=arguments, timeout_s=120)

    return Bench(
        runner=AnsibleRunner(Targets(), CommandRunner(CommandLimits(memory_bytes=None, grace_s=1))),
        say=lambda lines: act("debug", msg="\n".join(lines)),
        fail=act("fail", msg="no luck"),
        hang=act("wait_for", path=f"/{mark}", timeout="600"),
        flood=None,
        unreachable=AnsibleAction(target=GONE, module="ansible.builtin.ping"),
        complaint="there is no target 'gone'",
        is_working=running_with(mark),
        streams=False,
        context=ActionContext(executables={name: str(path) for name, path in programs.items()}),
    )


def bin_path() -> str:
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


@pytest.fixture
def http_bench(web_server: WebServer) -> Bench:
    def act(what: str, *lines: str, target: str = THERE) -> HttpAction:
        query = urlencode([("line", line) for line in lines])
        return HttpAction(url=f"/{what}?{query}", target=target, timeout_s=60)

    async def is_working() -> bool:
        return bool(web_server.hanging)

    targets = one_target(
        HttpTarget(base_url=web_server.url), HttpTarget(base_url=f"http://127.0.0.1:{free_port()}")
    )
    return Bench(
        runner=HttpRunner(targets),
        say=lambda lines: act("say", *lines),
        fail=act("fail"),
        hang=act("hang", "begun"),
        flood=act("flood"),
        unreachable=act("say", target=GONE),
        complaint="no answer",
        is_working=is_working,
    )


def statement(text: str, **values: str) -> SqlAction:
    return SqlAction(target=THERE, statement=text, values=values, timeout_s=60)


def said(lines: list[str]) -> SqlAction:
    values = {f"line{number}": line for number, line in enumerate(lines)}
    parts = [
        f"select {number} as n, cast(:{name} as varchar(999)) as line"
        for number, name in enumerate(values)
    ]
    return statement(f"{' union all '.join(parts)} order by n", **values)


ENDLESS = (
    "with recursive t(n) as (select 1 union all select n + 1 from t) select count(n) as n from t"
)
MANY = (
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 200000)"
    " select n, n as again from t"
)


@pytest.fixture
def sqlite_bench(tmp_path: Path) -> Bench:
    path = tmp_path / "orders.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table orders (id integer primary key, state text)")
    connection.close()

    async def is_working() -> bool:
        return any(inside_database(thread) for thread in threading.enumerate())

    gone = SqlTarget(url=f"sqlite:///{tmp_path / 'absent.db'}")
    return Bench(
        runner=SqlRunner(one_target(SqlTarget(url=f"sqlite:///{path}"), gone)),
        say=said,
        fail=statement("select absent from orders"),
        hang=statement(ENDLESS),
        flood=statement(MANY),
        unreachable=SqlAction(target=GONE, statement="select 1 as n"),
        complaint="unable to open database file",
        is_working=is_working,
        streams=False,
    )


def frames() -> dict[int, FrameType]:
    return getattr(sys, "_current_frames")()  # noqa: B009 - the only way to look into threads


def inside_database(thread: threading.Thread) -> bool:
    """Whether a thread of the pool is inside of a statement just now."""
    frame = frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code.co_filename.endswith("database.py"):
            return True
        frame = frame.f_back
    return False


@pytest.fixture
def postgres_bench(postgres: Postgres) -> Bench:
    gone = SqlTarget(url=f"postgresql+psycopg://opsbot@127.0.0.1:{free_port()}/postgres")
    plain = postgres.url().replace("+psycopg", "")

    async def is_working() -> bool:
        query = (
            "select count(*) from pg_stat_activity"
            " where application_name = 'opsbot' and state = 'active'"
        )
        async with await psycopg.AsyncConnection.connect(plain) as connection:
            row = await (await connection.execute(query)).fetchone()
        return row is not None and row[0] > 0

    return Bench(
        runner=SqlRunner(one_target(SqlTarget(url=postgres.url()), gone)),
        say=said,
        fail=statement("select absent from pg_class"),
        hang=statement(ENDLESS),
        flood=statement(MANY),
        unreachable=SqlAction(target=GONE, statement="select 1 as n"),
        complaint="the database said",
        is_working=is_working,
        streams=False,
    )


KINDS = ("command", "ssh", "kubernetes", "docker", "ansible", "http", "sqlite", "postgres")


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest) -> Bench:
    """Every kind in turn."""
    return request.getfixturevalue(f"{request.param}_bench")
