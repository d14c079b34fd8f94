"""kubectl, docker and Ansible: their argv leads to the target and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.actions.ansible import ansible_argv
from runbooks.actions.clients import docker_argv, kubectl_argv
from runbooks.actions.kinds import AnsibleAction
from runbooks.errors import ProposalError
from runbooks.targets import AnsibleTarget, DockerTarget, KubernetesTarget

CLUSTER = KubernetesTarget(context="prod", kubeconfig=Path("/k"), namespace="shop")
DAEMON = DockerTarget(host="unix:///d.sock")
FRONT = ("--kubeconfig=/k", "--context=prod")
WORDS = st.lists(st.text(max_size=12), min_size=1, max_size=5)


@pytest.mark.parametrize(
    "word",
    [
        "--context=dev", "--context", "--kubeconfig=/x", "--server=https://x", "-s", "-shttps://x",
        "-As", "--user=root", "--as=admin", "--token=x", "--cluster=x", "--insecure-skip-tls-verify",
    ],
)  # fmt: skip
def test_a_command_may_not_say_which_cluster(word: str) -> None:
    with pytest.raises(ProposalError, match="the target's to say"):
        kubectl_argv(("get", "pods", word), CLUSTER)


def test_the_namespace_is_the_commands_or_else_the_targets() -> None:
    assert kubectl_argv(("get", "pods"), CLUSTER) == (*FRONT, "--namespace=shop", "get", "pods")
    assert kubectl_argv(("get", "pods", "-nweb"), CLUSTER) == (*FRONT, "get", "pods", "-nweb")
    assert kubectl_argv(("get", "pods", "-A"), CLUSTER) == (*FRONT, "get", "pods", "-A")


def test_words_after_two_dashes_are_the_containers() -> None:
    argv = ("exec", "web-0", "--", "mysql", "--user=x", "-s")
    assert kubectl_argv(argv, CLUSTER)[-6:] == argv


def test_without_a_target_nothing_is_added() -> None:
    assert kubectl_argv(("get", "pods"), None) == ("get", "pods")
    assert docker_argv(("ps",), None) == ("ps",)


@pytest.mark.parametrize(
    "argv", [("-H", "tcp://x", "ps"), ("--context=x", "ps"), ("compose", "-H", "x"), ("ps", "-Hx")]
)
def test_a_command_may_not_say_which_daemon(argv: tuple[str, ...]) -> None:
    with pytest.raises(ProposalError, match="the target"):
        docker_argv(argv, DAEMON)


@given(words=WORDS)
def test_what_is_not_refused_keeps_its_words_behind_the_targets(words: list[str]) -> None:
    argv = tuple(words)
    try:
        built = kubectl_argv(argv, CLUSTER)
    except ProposalError:
        return
    assert built[:2] == FRONT
    assert built[-len(argv) :] == argv
    options = argv[: argv.index("--")] if "--" in argv else argv
    assert not any(word.startswith(("--context", "--server", "--kubeconfig=")) for word in options)


@given(words=WORDS)
def test_docker_words_stay_behind_the_daemon(words: list[str]) -> None:
    argv = tuple(words)
    try:
        built = docker_argv(argv, DAEMON)
    except ProposalError:
        return
    assert built == ("--host=unix:///d.sock", *argv)


@given(value=st.text(max_size=40), limit=st.text(max_size=10))
def test_ansible_gets_each_value_within_one_argument(value: str, limit: str) -> None:
    action = AnsibleAction(module="ping", arguments={"data": value}, limit=limit)
    try:
        argv = ansible_argv(action, AnsibleTarget(inventory=Path("/hosts")))
    except ProposalError:
        return
    assert len(argv) == 6 + bool(limit)
    assert argv[:2] == ("ansible", "--inventory=/hosts")
    assert argv[-2:] == ("--", "all")
    assert not any(mark in value for mark in ("{{", "{%", "{#"))


@pytest.mark.parametrize("value", ["{{ lookup('pipe', 'id') }}", "{% if x %}", "{# #}"])
def test_a_template_in_a_value_is_refused(value: str) -> None:
    with pytest.raises(ProposalError, match="template marks"):
        ansible_argv(AnsibleAction(module="ping", arguments={"data": value}), None)


@pytest.mark.parametrize("limit", ["@/etc/passwd", "-x"])
def test_a_limit_that_is_no_host_is_refused(limit: str) -> None:
    with pytest.raises(ProposalError, match="names no hosts"):
        ansible_argv(AnsibleAction(module="ping", limit=limit), None)


def test_a_playbook_gets_its_variables_and_its_mode() -> None:
    action = AnsibleAction(playbook="/p.yml", arguments={"a": "b c"}, limit="web", check=True)
    assert ansible_argv(action, None) == (
        "ansible-playbook", "--inventory=localhost,", "--connection=local", "--check",
        "--limit=web", '--extra-vars={"a": "b c"}', "--", "/p.yml",
    )  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [
        ("-n", "--", "--server=https://x", "get", "pods"),
        ("get", "pods", "-n", "--", "--token=x"),
        ("exec", "web", "--container", "--", "--as=admin", "ls"),
    ],
)
def test_a_double_dash_that_is_a_value_hides_nothing(argv: tuple[str, ...]) -> None:
    with pytest.raises(ProposalError):
        kubectl_argv(argv, CLUSTER)


def test_a_command_in_a_container_may_have_any_words() -> None:
    for front in (("exec", "web"), ("exec", "web", "-it"), ("exec", "web", "--container=app")):
        assert kubectl_argv((*front, "--", "psql", "-s"), CLUSTER)[-2:] == ("psql", "-s")


@pytest.mark.parametrize("limit", ["@/etc/passwd", "web,@/etc/passwd", "web:@hosts", "-x"])
def test_a_limit_names_hosts_and_no_file(limit: str) -> None:
    with pytest.raises(ProposalError, match="names no hosts"):
        ansible_argv(AnsibleAction(module="ping", limit=limit), None)
