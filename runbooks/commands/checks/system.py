"""Processes, settings and services of one machine."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..invocation import Invocation
from .finding import Finding, change, forbidden

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:+-]{1,}")
_VITAL = frozenset(["init", "systemd", "kthreadd", "dbus-daemon", "dbus", "sshd", "auditd"])
_BSD_ENVIRONMENT = re.compile(r"[a-zA-Z]*e[a-zA-Z]*")
_BSD_LETTERS = re.compile(r"[aAcCefgGhHjlLmnNrsSTuvwxX]+")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.:@%+-][A-Za-z0-9_.:@%+/-]*")
_TAKES_DOWN = re.compile(
    r"(reboot|poweroff|halt|kexec|soft-reboot|rescue|emergency|shutdown|final|exit|umount|suspend"
    r"|hibernate|hybrid-sleep|suspend-then-hibernate|sleep|runlevel[0-6]|ctrl-alt-del|debug-shell"
    r"|initrd.*|systemd-(reboot|poweroff|halt|kexec|suspend|hibernate|soft-reboot).*)"
    r"(\.(target|service))?"
)
_KERNEL_SETTING = re.compile(r"(vm|net|fs)\.[a-z0-9_.-]+")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?")
_SIGNAL = re.compile(r"-?(#|[A-Z0-9+]+)")
_LOGROTATE = re.compile(r"/etc/logrotate\.(conf|d/[A-Za-z0-9_-]+)")
_PROTECTION = re.compile(r"fs\.(suid_dumpable|protected_.*)|vm\.mmap_min_addr")
_DATE_FORMAT = re.compile(r"\+[ -~]*")


def kill(invocation: Invocation) -> Finding | None:
    """Process ids, one by one; never all, never the first."""
    targets = list(invocation.operands)
    if not targets:
        return None if invocation.has("-l", "-L") else forbidden("kill has no target")
    if any(not target.isdigit() or int(target) < 2 for target in targets):
        return forbidden("kill must name processes by id, and not all of them")
    # A second number with a dash is no signal: it is a group of processes, and -1 is all of them.
    if len([name for name, _ in invocation.options if name not in {"-l", "-L"}]) > 1:
        return forbidden("kill has more than one signal")
    return None


def kill_named(invocation: Invocation) -> Finding | None:
    """A plain, exact enough name of something that is not vital."""
    if len(invocation.operands) != 1:
        return forbidden(f"{invocation.tool.title} must name one process")
    name = invocation.operands[0].removeprefix("^").removesuffix("$")
    if not _NAME.fullmatch(name) or ("." in name.strip(".") and name.startswith(".")):
        return forbidden(f"{invocation.tool.title} has a pattern that may match many processes")
    if any(vital.startswith(name) or _may_match(name, vital) for vital in _VITAL):
        return forbidden(f"{name} is vital for the machine")
    return None


def _may_match(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return True


def ps(invocation: Invocation) -> Finding | None:
    """The BSD letter `e` shows every process's environment."""
    if any(_BSD_ENVIRONMENT.fullmatch(word) for word in invocation.operands) or any(
        "environ" in value for _, value in invocation.options if value
    ):
        return forbidden("ps would show the environment of processes")
    # NOTE: a word that is no user makes ps read everything again as BSD letters.
    owners = invocation.values("-u", "-g", "-s")
    if any(_BSD_LETTERS.fullmatch(word) for word in owners) and (
        invocation.has("-e") or any("e" in word for word in owners)
    ):
        return forbidden("ps could read this as its BSD letters, and show the environment")
    return None


def sysctl(invocation: Invocation) -> Finding | None:
    """`name=value` sets; only what cannot run code may be set."""
    writing = [word for word in invocation.operands if "=" in word]
    if not writing and not invocation.has("-w", "--write"):
        return None
    if any(
        not _KERNEL_SETTING.fullmatch(word.partition("=")[0].replace("/", ".")) for word in writing
    ):
        return forbidden("sysctl sets a kernel setting that may run code or drop protection")
    if any(_PROTECTION.match(word) for word in writing):
        return forbidden("sysctl would drop a protection")
    return change("sysctl sets a kernel setting")


def date(invocation: Invocation) -> Finding | None:
    """An operand is a format, or else it sets the clock."""
    if any(not _DATE_FORMAT.fullmatch(word) for word in invocation.operands):
        return change("date sets the clock")
    return None


def packages(invocation: Invocation) -> Finding | None:
    """Packages by name from the configured sources, not files or addresses."""
    if any(not _PACKAGE.fullmatch(word) for word in invocation.operands):
        return forbidden("packages must be named, not given as a file or address")
    return None


def service(invocation: Invocation) -> Finding | None:
    """`service NAME VERB`."""
    if invocation.has("--status-all"):
        return None
    if len(invocation.operands) != 2 or not _NAME.fullmatch(invocation.operands[0]):
        return forbidden("service needs a name and a verb")
    verb = invocation.operands[1]
    if verb == "status":
        return None
    if verb in {"start", "stop", "restart", "reload", "force-reload", "try-restart"}:
        return change(f"service {verb} changes a service")
    return forbidden(f"service {verb} is not known")


def units(invocation: Invocation) -> Finding | None:
    """Units by name: a path would bring in a unit from anywhere."""
    sets_property = invocation.tool.path[-1] == "set-property"
    names = invocation.operands[:1] if sets_property else invocation.operands
    if any(not _NAME.fullmatch(word) for word in names):
        return forbidden(f"{invocation.tool.title} must name units, not files or patterns")
    if any(_TAKES_DOWN.fullmatch(word) for word in names):
        return forbidden(f"{invocation.tool.title} of a unit that takes the machine down or over")
    return None


def units_shown(invocation: Invocation) -> Finding | None:
    """`systemctl show` without a list of properties shows the environment."""
    properties = invocation.values("-p", "--property", "-P")
    if not properties or any("environ" in text.lower() for text in properties):
        return forbidden("systemctl show without -p, or of Environment, shows the environment")
    return None


def getent(invocation: Invocation) -> Finding | None:
    """Public databases only."""
    public = {"hosts", "ahosts", "ahostsv4", "ahostsv6", "services", "passwd", "group", "networks"}
    if not invocation.operands or invocation.operands[0] not in public | {"protocols"}:
        return forbidden("getent of a database that is not public")
    return None


def netcat(invocation: Invocation) -> Finding | None:
    """Only to see whether a port answers."""
    return None if invocation.has("-z") else forbidden("nc may only test ports (-z)")


def openssl_server(invocation: Invocation) -> Finding | None:
    """s_client needs a server."""
    return None if invocation.has("-connect") else forbidden("openssl s_client needs -connect")


def nginx(invocation: Invocation) -> Finding | None:
    """-t tests, -s signals; alone it starts."""
    signals = invocation.values("-s")
    if any(signal not in {"reload", "reopen", "quit", "stop"} for signal in signals):
        return forbidden("nginx -s has an unknown signal")
    if signals:
        return change("nginx -s signals the server")
    return None if invocation.has("-t", "-T", "-v", "-V") else change("nginx starts a server")


def needs_operand(invocation: Invocation) -> Finding | None:
    """A command that must name what it works on."""
    if invocation.operands:
        return None
    return forbidden(f"{invocation.tool.title} needs an operand")


def kafka(invocation: Invocation) -> Finding | None:
    """Kafka's tools say with an option what they do."""
    if invocation.has("-delete", "-delete-offsets"):
        return forbidden("kafka deletes a topic, a group or offsets")
    if invocation.has("-create", "-alter", "-execute", "-election-type"):
        return change(f"{invocation.tool.title} changes the cluster")
    if "api-versions" in invocation.tool.title:
        return None
    if invocation.has("-list", "-describe", "-dry-run", "-version", "-status", "-verify"):
        return None
    return forbidden(f"{invocation.tool.title} needs --list or --describe")


def logrotate(invocation: Invocation) -> Finding | None:
    """Its configuration names commands: only the system's own."""
    if any(not _LOGROTATE.fullmatch(word) for word in invocation.operands):
        return forbidden("logrotate takes a configuration from elsewhere")
    if invocation.has("-d", "--debug", "-f", "--force"):
        return None
    return forbidden("logrotate is only known with -d or -f")


def top(invocation: Invocation) -> Finding | None:
    """Only the batch mode ends by itself, and only with a number of rounds."""
    if invocation.has("-b") and invocation.values("-n"):
        return None
    return forbidden("top is interactive without -b -n")


def priority(invocation: Invocation) -> Finding | None:
    """nice and its relatives either start a command or change a running process."""
    if not invocation.has("-p"):
        return None
    if invocation.command:
        return forbidden(f"{invocation.tool.title} -p takes process ids, not commands")
    return change(f"{invocation.tool.title} -p changes a running process")


def named_process(invocation: Invocation) -> Finding | None:
    """A process that is there already, by its name: a file or a command would be started."""
    if all(re.fullmatch(r"[A-Za-z0-9_-]+", word) for word in invocation.operands):
        return None
    return forbidden(f"{invocation.tool.title} must name a process that it keeps")


def plain_words(invocation: Invocation) -> Finding | None:
    """For tools that read their operands in a language of their own, or as files to run."""
    if all(_PLAIN_WORD.fullmatch(word) for word in invocation.operands):
        return None
    return forbidden(f"{invocation.tool.title} with operands that are not plain words")


def server_test(invocation: Invocation) -> Finding | None:
    """A server that is not asked for anything starts."""
    asked = len(invocation.tool.path) > 1 or invocation.has("-t", "-v", "-V", "-S", "-M", "-l")
    return None if asked else change(f"{invocation.tool.title} starts a server")


def needs(*options: str) -> Callable[[Invocation], Finding | None]:
    """A check that one of these options is given: without them the tool does more than read."""

    def check(invocation: Invocation) -> Finding | None:
        if invocation.has(*options):
            return None
        return forbidden(f"{invocation.tool.title} is only known with {' or '.join(options)}")

    return check
