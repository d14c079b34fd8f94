"""Targets by name: what is bound of them, and that nothing secret of them is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.actions.kinds import CommandAction, SqlAction, SshAction
from runbooks.errors import ProposalError
from runbooks.targets import (
    AnsibleTarget,
    DockerTarget,
    HttpTarget,
    KubernetesTarget,
    SqlTarget,
    SshTarget,
    Target,
    Targets,
)

SSH = SshTarget(host="web-1", user="ops", host_keys=("ssh-ed25519 AAAA",))
SQL = SqlTarget(url="postgresql+psycopg://reader:sesame123@db:5433/orders")
TARGETS = Targets(by_name={"web": SSH, "orders": SQL})


@pytest.mark.parametrize(
    ("target", "facts"),
    [
        (SSH, "ssh ops@web-1:22 with host keys ssh-ed25519 AAAA"),
        (SQL, "sql postgresql+psycopg://reader@db:5433/orders"),
        (SqlTarget(url="sqlite:////srv/a.db"), "sql sqlite:////srv/a.db"),
        (
            KubernetesTarget(context="prod", kubeconfig=Path("/k"), namespace="shop"),
            "kubernetes context prod of /k, namespace shop",
        ),
        (DockerTarget(host="ssh://ops@web-1"), "docker ssh://ops@web-1"),
        (AnsibleTarget(inventory=Path("/etc/hosts.ini")), "ansible inventory /etc/hosts.ini"),
        (HttpTarget(base_url="https://api", headers={"A": "sesame123"}), "http https://api"),
    ],
)
def test_facts_say_where_without_a_secret(target: Target, facts: str) -> None:
    assert target.facts == facts
    assert "sesame123" not in repr(target)


def test_the_named_targets_are_found_once() -> None:
    actions = (
        SshAction(target="web", argv=("uptime",)),
        SshAction(target="web", argv=("id",)),
        SqlAction(target="orders", statement="select 1"),
        CommandAction(argv=("true",)),
    )
    assert TARGETS.named_by(iter(actions)) == {"web": SSH, "orders": SQL}


def test_an_unknown_target_is_named_with_those_there_are() -> None:
    with pytest.raises(ProposalError, match=r"no target 'gone'.*there are: orders, web"):
        TARGETS.get("gone", SshTarget)


def test_a_target_of_another_kind_is_refused() -> None:
    with pytest.raises(ProposalError, match="target 'orders' is sql: it cannot do this"):
        TARGETS.named_by(iter((SshAction(target="orders", argv=("id",)),)))
