"""Targets in the settings: what is read, where secrets may be, what doctor says."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bot.cli.doctor import masked
from bot.doctor_targets import target_facts, target_fault
from bot.settings import RunbookSettings, SettingsError, engine_environment, load_settings
from bot.targets import build_targets
from runbooks.targets import (
    AnsibleTarget,
    DockerTarget,
    HttpTarget,
    KubernetesTarget,
    SqlTarget,
    SshTarget,
)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE6tGx8pCvB1m3cPnq1rF7y0kq1x2l3J4Yz5w6v7u8t9"
TOML = f"""
[runbooks.targets.web-1]
kind = "ssh"
host = "web-1"
user = "ops"
host_keys = ["{KEY}"]
environment = "staging"

[runbooks.targets.orders]
kind = "sql"
url = "postgresql+psycopg://reader@db/orders"

[runbooks.targets.prod]
kind = "kubernetes"
context = "prod"
namespace = "shop"
"""


def given(**targets: dict[str, object]) -> RunbookSettings:
    return RunbookSettings.model_validate({"targets": targets})


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "opsbot.toml"
    path.write_text(TOML)
    monkeypatch.setenv("OPSBOT_CONFIG", str(path))
    return path


def test_targets_are_read_from_the_file_and_secrets_from_the_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://reader:sesame123@db/orders"
    monkeypatch.setenv("OPSBOT_RUNBOOKS__TARGETS__ORDERS__URL", url)
    settings = load_settings()
    targets = build_targets(settings.runbooks).by_name
    assert targets["orders"] == SqlTarget(url=url)
    assert targets["prod"] == KubernetesTarget(context="prod", namespace="shop")
    assert targets["web-1"] == SshTarget(
        host="web-1", user="ops", host_keys=(KEY,), environment="staging"
    )
    assert "sesame123" not in f"{settings} {masked(settings)} {engine_environment()}"


def test_secrets_may_be_in_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("p@ss/word\n")
    settings = given(
        db={"kind": "sql", "url": "postgresql+psycopg://reader@db/x", "password_file": secret},
        api={"kind": "http", "base_url": "https://api", "header_files": {"X-Key": secret}},
    )
    targets = build_targets(settings).by_name
    assert targets["api"] == HttpTarget(base_url="https://api", headers={"X-Key": "p@ss/word"})
    assert targets["db"] == SqlTarget(url="postgresql+psycopg://reader:p%40ss%2Fword@db/x")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"kind": "sql", "url": "nonsense"}, "is not a database URL"),
        (
            {"kind": "http", "base_url": "https://a", "header_files": {"A": "/no/such"}},
            "/no/such cannot be read: No such file",
        ),
    ],
)
def test_a_target_that_cannot_be_built_says_why(target: dict[str, object], words: str) -> None:
    settings = given(here=target)
    with pytest.raises(SettingsError, match=words):
        build_targets(settings)
    ((name, _, fault),) = target_facts(settings)
    assert name == "here"
    assert words in fault


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "ssh", "host": "a", "user": "b", "host_keys": []},
        {"kind": "ssh", "host": "-oProxyCommand=x", "user": "b", "host_keys": [KEY]},
        {"kind": "docker", "host": "web-1"},
        {"kind": "http", "base_url": "ftp://x"},
        {"kind": "http", "base_url": "https://user:pass@x"},
        {"kind": "kubernetes", "context": ""},
        {"kind": "other"},
        {"kind": "sql", "url": "sqlite:///x", "pasword": "x"},
    ],
)
def test_a_wrong_target_is_refused(target: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"targets\.here"):
        given(here=target)


def test_doctor_sees_open_and_closed_ports(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}/x"
        assert target_fault(HttpTarget(base_url=url)) == ""
        ssh = SshTarget(host="127.0.0.1", user="a", host_keys=("nonsense",), port=port)
        assert "host key of 127.0.0.1 cannot be read" in target_fault(ssh)
    assert "cannot be reached: Connection refused" in target_fault(HttpTarget(base_url=url))
    closed = SqlTarget(url=f"postgresql+psycopg://a:sesame123@127.0.0.1:{port}/x")
    assert target_fault(closed) == f"127.0.0.1:{port} cannot be reached: Connection refused"


def test_doctor_sees_missing_files_and_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert target_fault(KubernetesTarget(context="a")) == (
        "kubectl is not installed on this machine"
    )
    for name in ("docker", "ansible"):
        program = tmp_path / name
        program.touch()
        program.chmod(0o755)
    gone = tmp_path / "gone"
    assert target_fault(DockerTarget(host=f"unix://{gone}")) == f"there is no socket {gone}"
    assert target_fault(AnsibleTarget(inventory=gone)) == f"{gone} does not exist"
    assert target_fault(SqlTarget(url=f"sqlite:///{gone}")) == f"{gone} does not exist"
    assert "read-only on oracle" in target_fault(SqlTarget(url="oracle://a@b/c"))
