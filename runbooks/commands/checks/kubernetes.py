"""kubectl: which kinds of object, how many of them, and from which manifests."""

from __future__ import annotations

import re

from ..invocation import Invocation
from .finding import Finding, change, forbidden

_SECRET_KINDS = frozenset({"secret", "secrets", "sealedsecret", "sealedsecrets", "externalsecret"})
_RIGHTS_KINDS = frozenset(
    [
        "role",
        "roles",
        "rolebinding",
        "rolebindings",
        "clusterrole",
        "clusterroles",
        "clusterrolebinding",
        "clusterrolebindings",
        "serviceaccount",
        "serviceaccounts",
        "sa",
        "certificatesigningrequest",
        "csr",
        "mutatingwebhookconfiguration",
        "mutatingwebhookconfigurations",
        "validatingwebhookconfiguration",
        "validatingwebhookconfigurations",
        "apiservice",
        "apiservices",
        "podsecuritypolicy",
        "psp",
    ]
)
_DATA_KINDS = frozenset(
    [
        "namespace",
        "namespaces",
        "ns",
        "persistentvolume",
        "persistentvolumes",
        "pv",
        "persistentvolumeclaim",
        "persistentvolumeclaims",
        "pvc",
        "customresourcedefinition",
        "customresourcedefinitions",
        "crd",
        "crds",
        "storageclass",
        "storageclasses",
        "sc",
        "volumesnapshot",
        "volumesnapshots",
        "node",
        "nodes",
        "no",
        "all",
    ]
)
_RAW = re.compile(r"/(healthz|readyz|livez|version|metrics|apis/metrics\.k8s\.io/[A-Za-z0-9/_.-]*)")
_REMOTE_FOLDER = re.compile(r"::|[?@]|^[^./][^/]*\.[^/]*(/|$)")
# A selector with a term that names what is meant: `a=b`, `a in (b)` or `a`; not `a!=b` or `!a`.
_CHOOSES = re.compile(r"(^|[^!])=|\w\s+in\s*\(|(^|,)\s*[\w./-]+\s*(,|$)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")
_LOADS_CODE = re.compile(r"(LD_\w+|PATH|BASH_ENV|PYTHON\w*|NODE_OPTIONS|JAVA_TOOL_OPTIONS)=")
_DANGEROUS_PATCH = re.compile(
    r"privileged|hostpath|hostpid|hostnetwork|hostipc|serviceaccount|securitycontext|capabilities"
    r"|\b(command|args)\b|\\[ux]|\bld_[a-z]+\b|lifecycle|automount|runasuser|volumes?\b",
    re.IGNORECASE,
)


def read(invocation: Invocation) -> Finding | None:
    """Objects that are read: not secrets, and raw paths only from a list."""
    if _kinds(invocation) & _SECRET_KINDS:
        return forbidden("kubectl reads secrets")
    if any("-file" in form for form in invocation.values("-o", "--output")):
        return forbidden("kubectl reads its output form from a file")
    if any(not _RAW.fullmatch(path) for path in invocation.values("--raw")):
        return forbidden("kubectl asks a raw address that is not known to be harmless")
    if _takes_from_elsewhere(invocation):
        return forbidden("kubectl reads a manifest from elsewhere")
    return None


def write(invocation: Invocation) -> Finding | None:
    """Objects that are changed: no rights, no secrets, not everything at once."""
    kinds = _kinds(invocation)
    if kinds & (_SECRET_KINDS | _RIGHTS_KINDS):
        return forbidden("kubectl changes secrets or who may do what")
    if invocation.has("--all", "-A", "--all-namespaces"):
        return forbidden("kubectl changes everything at once")
    if _takes_from_elsewhere(invocation):
        return forbidden("kubectl takes a manifest from elsewhere, which nobody here has seen")
    variables = (*invocation.operands, *invocation.values("-e", "--env"))
    if any(_LOADS_CODE.match(word) for word in variables):
        return forbidden("kubectl sets a variable that can change which code runs")
    if any(word.startswith("pod-security.kubernetes.io/") for word in invocation.operands):
        return forbidden("kubectl changes what pods may do")
    if any(_DANGEROUS_PATCH.search(text) for text in invocation.values("-p", "--patch")):
        return forbidden("kubectl patches what a container runs or may do")
    return None


def delete(invocation: Invocation) -> Finding | None:
    """Deleting: named objects, no namespaces, volumes, nodes or definitions."""
    if _kinds(invocation) & _DATA_KINDS:
        return forbidden("kubectl deletes a whole namespace, a volume, a node or a definition")
    named = [word for word in invocation.operands[1:] if _NAME.fullmatch(word)]
    slashed = [word for word in invocation.operands[:1] if "/" in word]
    selectors = invocation.values("-l", "--selector", "--field-selector")
    if any(not _CHOOSES.search(selector) for selector in selectors if selector.strip()):
        return forbidden("kubectl deletes all but what the selector names")
    chosen = (*selectors, *invocation.values("-f", "--filename", "-k", "--kustomize"))
    if not (named or slashed or any(value.strip() for value in chosen)):
        return forbidden("kubectl deletes without naming what")
    return None


def inner(invocation: Invocation) -> Finding | None:
    """A command in a container must be given, and not be interactive."""
    if not invocation.command:
        return forbidden(f"{invocation.tool.title} needs a command after --")
    return change(f"{invocation.tool.title} runs a command in a container")


def copy(invocation: Invocation) -> Finding | None:
    """Copying between a container and the working directory."""
    local = [word for word in invocation.operands if ":" not in word]
    if len(invocation.operands) != 2 or len(local) != 1:
        return forbidden("kubectl cp needs one path here and one in a container")
    if local[0].startswith(("/", "..")) or "/../" in local[0]:
        return forbidden("kubectl cp leaves the working directory")
    return None


def _kinds(invocation: Invocation) -> frozenset[str]:
    """Every word that may be a kind: `pods`, `pods,secrets`, `secret/x`, `secrets.v1`."""
    pieces = (piece for word in invocation.operands for piece in re.split(r"[,/]", word.lower()))
    first = invocation.operands[:1]
    names = frozenset(piece.split(".")[0] for piece in pieces)
    if first and "/" not in first[0] and "," not in first[0]:
        # `get pod secret`: later words are names, unless they hold a slash or comma.
        rest = [word for word in invocation.operands[1:] if "/" in word or "," in word]
        kinds = [first[0], *rest]
        return frozenset(
            piece.split(".")[0] for word in kinds for piece in re.split(r"[,/]", word.lower())
        )
    return names


def _takes_from_elsewhere(invocation: Invocation) -> bool:
    folders = invocation.values("-k", "--kustomize")
    return any(_is_remote(source) for source in invocation.values("-f", "--filename")) or any(
        _is_remote(folder) or _REMOTE_FOLDER.search(folder) for folder in folders
    )


def _is_remote(source: str) -> bool:
    return "://" in source or source.strip() == "-" or source.startswith(("github.com", "git@"))
