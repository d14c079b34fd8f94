"""helm and terraform: charts, plans and state."""

from __future__ import annotations

import re

from ..invocation import Invocation
from .finding import Finding, change, forbidden

_SHARED_FOLDER = re.compile(r"/+(tmp|var/+tmp|dev/+shm|proc)\b|.*\.\.")
_SECRET_OUTPUT = re.compile(
    r"secret|passw|token|key|cred|kubeconfig|conn(ection)?_?str|dsn|cert|private|admin|auth",
    re.IGNORECASE,
)
_REMOTE = re.compile(r"://|^git@|^-$|\.tgz$")


def chart(invocation: Invocation) -> Finding | None:
    """Charts and values come from the configured repositories or the working directory."""
    places = (*invocation.operands, *invocation.values("-f", "--values"))
    if any(_REMOTE.search(place) for place in places):
        return forbidden("helm takes a chart or values from elsewhere")
    return None


def status(invocation: Invocation) -> Finding | None:
    """A release in full holds its values."""
    shown = invocation.values("-o", "--output")
    if invocation.tool.path[-1] == "status" and any(form != "table" for form in shown):
        return forbidden("helm status in this form shows values, which hold credentials")
    return None


def apply(invocation: Invocation) -> Finding | None:
    """terraform apply: a saved plan, so that what was approved is what runs."""
    if invocation.has("-destroy"):
        return forbidden("terraform would destroy the infrastructure")
    if len(invocation.operands) != 1:
        return forbidden("terraform apply needs a saved plan: else nobody has seen what it does")
    return None


def plan(invocation: Invocation) -> Finding | None:
    """A plan that is saved is a file that is written."""
    return change("terraform plan -out writes a plan") if invocation.has("-out") else None


def fmt(invocation: Invocation) -> Finding | None:
    """fmt rewrites files unless it only checks."""
    only_looks = invocation.has("-check") or "false" in invocation.values("-write")
    return None if only_looks else change("terraform fmt rewrites files")


def folder(invocation: Invocation) -> Finding | None:
    """A configuration names the programs that a plan runs: not from where anybody can put one."""
    if any(_SHARED_FOLDER.match(path) for path in invocation.values("-chdir")):
        return forbidden("terraform works in a folder that anybody can write")
    return None


def output(invocation: Invocation) -> Finding | None:
    """An output that is named is shown even if it is marked sensitive."""
    if any(_SECRET_OUTPUT.search(name) for name in invocation.operands):
        return forbidden("terraform output of this name may show a credential")
    return None


def job(invocation: Invocation) -> Finding | None:
    """Nomad's jobs come from the working directory."""
    if any(_REMOTE.search(place) or "::" in place for place in invocation.operands):
        return forbidden("nomad takes a job from elsewhere")
    return None


def ansible(invocation: Invocation) -> Finding | None:
    """Ad-hoc ansible: only ping and gathering facts."""
    modules = invocation.values("-m", "--module-name")
    if len(modules) != 1 or modules[0] not in {"ping", "setup", "ansible.builtin.ping"}:
        return forbidden("ansible may only ping and gather facts")
    return None


def playbook(invocation: Invocation) -> Finding | None:
    """A playbook by its path in the working directory."""
    listing = invocation.has("--syntax-check", "--list-tasks", "--list-hosts", "--list-tags")
    # NOTE: an inventory that is executable is run, even to list its hosts.
    places = (*invocation.operands, *invocation.values("-i", "--inventory"))
    if any(word.startswith(("/", "..")) or _REMOTE.search(word) for word in places):
        return forbidden(
            "ansible-playbook must name playbooks and inventories of the working directory"
        )
    return None if listing else change("ansible-playbook changes machines")


def consul_kv(invocation: Invocation) -> Finding | None:
    """Keys that do not sound like secrets."""
    if any(
        re.search(r"secret|token|passw|cred|key$", word, re.IGNORECASE)
        for word in invocation.operands[:1]
    ):
        return forbidden("the key may hold a secret")
    if any(word.startswith(("@", "-")) for word in invocation.operands[1:]):
        return forbidden("consul kv put takes the value from a file")
    return None


def etcd_write(invocation: Invocation) -> Finding | None:
    """Kubernetes' objects are changed through its API, never behind its back."""
    if any("registry" in word for word in invocation.operands[:1]):
        return forbidden("etcdctl would change Kubernetes' objects behind its back")
    return None


def etcd_get(invocation: Invocation) -> Finding | None:
    """Kubernetes keeps its secrets in etcd: values only outside its registry, one key at a time."""
    keys_only = invocation.has("--keys-only", "--count-only")
    wide = invocation.has("--prefix", "--from-key") or len(invocation.operands) > 1
    if not keys_only and (wide or any("secret" in word.lower() for word in invocation.operands)):
        return forbidden("etcdctl get may show Kubernetes' secrets")
    return None
