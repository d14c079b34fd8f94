"""Which paths hold secrets, and which must not be written or removed."""

from __future__ import annotations

import posixpath
import re

_SPLIT = re.compile(r"[=:,;@\s'\"(){}<>|]+")

_SECRET_SOURCES = (
    # Accounts, keys and certificates of the machine.
    r"(^|/)etc/(g?shadow|sudoers|krb5\.keytab|ipsec\.secrets|securetty)([-~.].*|/.*|$)",
    r"(^|/)etc/security/opasswd",
    r"(^|/)etc/(mysql/debian\.cnf|postfix/sasl_passwd|exim4/passwd\.client)",
    r"(^|/)etc/haproxy/(.*/)?[a-z0-9_.-]+\.pem$",
    r"(^|/)(\.erlang\.cookie|auth\.json|[a-z0-9_.-]+\.secret|\.[a-z]*credentials)$",
    r"(^|/)(ssl|tls)/private(/|$)",
    r"(^|/)etc/ssh/ssh_host_[a-z0-9]+_key$",
    r"(^|/)etc/(wireguard|openvpn|ppp|networkmanager/system-connections)(/|$)",
    r"(^|/)etc/kubernetes/([a-z-]+\.conf|pki(/.*\.key|/?)$)",
    r"(^|/)etc/rancher/.*\.yaml$",
    r"(^|/)etc/letsencrypt/(keys|accounts|archive)(/|$)",
    # What users keep in their home folders.
    r"(^|/)\.ssh(/(?!known_hosts$)|$)",
    r"(^|/)id_(rsa|dsa|ecdsa|ed25519|xmss)(_sk)?$",
    (
        r"(^|/)\.(aws|azure|kube|gnupg|vault-token|netrc|pgpass|my\.cnf|mylogin\.cnf|git-credentials"
        r"|npmrc|pypirc|htpasswd|s3cfg|boto|rhosts|password-store|terraformrc)(/|$)"
    ),
    r"(^|/)\.config/(gcloud|gh|doctl|op|sops)(/|$)",
    r"(^|/)\.docker/config\.json$",
    r"(^|/)\.terraform\.d(/|$)",
    r"(^|/)\.[a-z]+_history$",
    r"(^|/)([a-z0-9_-][a-z0-9_.-]*)?\.env(\.[a-z0-9_-]+)?$",
    # Files by their usual names.
    (
        r"(^|/)[a-z0-9_.-]*(credentials?|secrets?|passwords?)(\.(json|ya?ml|csv|txt|ini|conf|toml"
        r"|properties|enc|gpg))(\.[a-z]+)?$"
    ),
    r"(^|/)(credentials|secrets|\.secrets?)$",
    r"(^|/)(run|var/run)/secrets(/|$)",
    r"(^|/)serviceaccount/token$",
    r"(^|/)(privkey|key|[a-z0-9_.-]+[-_.]key)[0-9]*\.pem$",
    r"(^|/)[a-z0-9_@-][a-z0-9_.@-]*\.(key|keytab|p12|pfx|jks|kdbx|ppk|tfstate(\.backup)?|asc|gpg)$",
    (
        r"(^|/)(kubeconfig|admin\.conf|master\.key|wp-config\.php|terraform\.tfvars"
        r"|htpasswd|userlist\.txt)$"
    ),
)

# Whose content holds secrets; their names and sizes do not.
_BULK_SOURCES = (
    # Memory, raw disks and other processes.
    (
        r"(^|/)proc/([0-9]+|self|thread-self|\*)/(task/[0-9]+/)?(environ|mem|maps|root|cwd|fd|auxv"
        r"|stack|pagemap)(/|$)"
    ),
    r"(^|/)proc/(kcore|kmem|kmsg|keys|key-users|kallsyms|sysrq-trigger)$",
    # NOTE: opening some devices acts already: a watchdog starts its countdown.
    r"^/?dev/(?!(null|zero|full|random|urandom|stdin|stdout|stderr|shm(/.*)?)$)",
    # Data folders that hold everybody's secrets.
    (
        r"(^|/)var/lib/(etcd|kubelet|vault|docker/(containers|swarm|overlay2)|rancher|mysql|postgresql"
        r"|pgsql|mongodb|redis|jenkins/secrets|sss|krb5kdc|private)(/|$)"
    ),
    r"(^|/)var/(backups|spool/cron|spool/mail|mail)(/|$)",
    r"(docker|containerd|crio|podman)\.sock$",
)
_SECRET = re.compile("|".join(f"(?:{source})" for source in _SECRET_SOURCES))
_BULK = re.compile("|".join(f"(?:{source})" for source in _BULK_SOURCES))

# A recursive reader that starts at one of these comes across secrets.
_WIDE_ROOTS = frozenset(
    [
        "/",
        "/etc",
        "/root",
        "/home",
        "/proc",
        "/dev",
        "/sys",
        "/run",
        "/var",
        "/var/run",
        "/var/lib",
        "/usr",
        "/opt",
        "/srv",
        "/mnt",
        "/media",
        "/boot",
        ".",
        "..",
        "~",
    ]
)

_WIDE_BELOW = re.compile(
    r"\.\.|/proc/|/home/[^/]+$|/etc/(ssh|ssl|pki|tls|security|kubernetes|letsencrypt|rancher|ppp|haproxy"
    r"|openvpn|wireguard|postfix|exim4)(/|$)"
)

_WRITABLE_ROOTS = ("/tmp/", "/var/tmp/", "/var/log/", "/var/cache/", "/srv/", "/opt/", "/data/")  # noqa: S108 - paths to compare with
_APPLICATION_CONFIG = re.compile(
    r"/etc/(nginx|haproxy|apache2|httpd|prometheus|alertmanager|grafana|loki|promtail|redis|mysql"
    r"|postgresql|pgbouncer|php|fluent-bit|filebeat|telegraf|consul\.d|nomad\.d|rabbitmq|kafka"
    r"|zookeeper|elasticsearch|memcached|traefik|envoy|caddy)/.+"
)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+@%,:=-]+")


def secret_in(word: str, *, names_only: bool = False) -> bool:
    """Whether an argument names, anywhere in it, a file that may hold credentials.

    Args:
        names_only: The tool shows names and sizes, not content, so that data folders and devices
            may be named.
    """
    pieces = [_normal(piece).lower() for piece in (word, *_SPLIT.split(word)) if piece]
    if any(_SECRET.search(piece) for piece in pieces):
        return True
    return not names_only and any(_BULK.search(piece) for piece in pieces)


def is_wide_root(path: str) -> bool:
    """Whether reading everything below a path would come across secrets."""
    normal = _normal(path)
    return normal in _WIDE_ROOTS or _WIDE_BELOW.match(normal) is not None


def refused_target(path: str, *, recursive: bool) -> str | None:
    """Say why a path may not be written or removed, or None.

    A relative path is inside the command's own working directory, unless it leaves it. Below the
    folders for data one level must remain: `/srv/app` is too much for a recursive removal.
    """
    normal = _normal(path)
    if not _PLAIN_PATH.fullmatch(path):
        return "is not a plain path"
    if normal.startswith(".."):
        return "leaves the working directory"
    if not normal.startswith("/"):
        return "is a whole folder" if recursive and normal in {".", ""} else None
    if not recursive and _APPLICATION_CONFIG.fullmatch(normal):
        return None
    root = next((root for root in _WRITABLE_ROOTS if normal.startswith(root)), None)
    if root is None:
        return "belongs to the system or to its users"
    below = normal.removeprefix(root).strip("/")
    shallow = recursive and root not in {"/tmp/", "/var/tmp/"} and "/" not in below  # noqa: S108
    if not below or shallow:
        return "is a whole folder of data"
    return None


def _normal(path: str) -> str:
    collapsed = re.sub(r"/{2,}", "/", path)
    return posixpath.normpath(collapsed) if collapsed else collapsed
