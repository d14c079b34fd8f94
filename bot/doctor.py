"""Is everything there that the bot needs? Each check is a value: how it stands and what to do."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from inference.models.catalog import looks_like_path, resolve
from inference.models.errors import ModelError
from inference.models.inspect import ModelFacts, inspect_model
from runbooks.errors import PolicyError, RunbookFileError
from runbooks.lockout import lockouts
from runbooks.policy_loader import load_policy

from .doctor_targets import sandbox_fault, target_facts
from .machine import Machine, existing_parent, is_port_free, n_free_bytes
from .runbook_wiring import settings_policy
from .settings import Settings
from .skills.logs.sources import fault_of, is_file, places_of

_GB = 1e9
_LOW_DISK_BYTES = 2e9


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    """It works, with less."""
    PROBLEM = "problem"
    """Something the settings ask for cannot work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        detail: What was found, one sentence.
        advice: What to do about it; empty when all is well.
    """

    name: str
    status: Status
    detail: str
    advice: str = ""


def examine(settings: Settings, machine: Machine) -> tuple[Check, ...]:
    """Run every check. Changes nothing on the machine."""
    checks: list[Callable[[Settings, Machine], Check]] = [
        _hardware,
        _instructions,
        _compiler,
        _engine,
        _model,
        _encoder,
        _disk,
        _database,
        _knowledge,
        _runbooks,
        _sandbox,
        _slack,
        _port,
        _timezone,
    ]
    single = (check(settings, machine) for check in checks)
    return (*single, *_policy(settings), *_targets(settings), *_logs(settings))


def _ok(name: str, detail: str) -> Check:
    return Check(name=name, status=Status.OK, detail=detail)


def _warning(name: str, detail: str, advice: str) -> Check:
    return Check(name=name, status=Status.WARNING, detail=detail, advice=advice)


def _problem(name: str, detail: str, advice: str) -> Check:
    return Check(name=name, status=Status.PROBLEM, detail=detail, advice=advice)


def _hardware(_: Settings, machine: Machine) -> Check:
    detail = (
        f"{machine.system} on {machine.architecture}, Python {machine.python}, "
        f"{machine.n_cores} cores ({machine.n_logical_cores} logical), "
        f"{machine.n_memory_available_bytes / _GB:.1f} of {machine.n_memory_bytes / _GB:.1f} GB "
        "memory free"
    )
    return _ok("machine", detail)


def _instructions(_: Settings, machine: Machine) -> Check:
    found = " ".join(machine.cpu_flags) or "none that are known to matter"
    if machine.architecture in {"x86_64", "AMD64"} and "avx2" not in machine.cpu_flags:
        return _warning("cpu", found, "without AVX2 answers are slow: choose a small model")
    if "avx2" in machine.cpu_flags and "AVX2 = 0" in machine.llama_cpp_features:
        return _warning("cpu", found, "llama.cpp was built without AVX2: build it on this machine")
    return _ok("cpu", found)


def _compiler(_: Settings, machine: Machine) -> Check:
    if machine.compiler is not None:
        return _ok("compiler", machine.compiler)
    advice = "install one (Debian: g++, make) before llama-cpp-python has to be built"
    if machine.llama_cpp_version is not None:
        return _ok("compiler", "none, and none is needed: llama-cpp-python is installed")
    return _problem("compiler", "no C++ compiler", advice)


def _engine(_: Settings, machine: Machine) -> Check:
    if machine.llama_cpp_version is None or not machine.llama_cpp_features:
        detail = "llama-cpp-python is not built or does not load"
        return _problem("engine", detail, "install the locked requirements again")
    gpu = "with a GPU backend" if machine.has_gpu_backend else "for the CPU"
    return _ok("engine", f"llama-cpp-python {machine.llama_cpp_version}, built {gpu}")


def _model(settings: Settings, machine: Machine) -> Check:
    facts = _inspect("model", settings.model, settings)
    if isinstance(facts, Check):
        return facts
    if facts.is_encoder:
        return _problem(
            "model", f"{settings.model} is an encoder", "set OPSBOT_MODEL to a chat one"
        )
    if not facts.has_chat_template:
        advice = "choose an instruct model"
        return _problem("model", f"{facts.path.name} has no chat template", advice)
    return _fits("model", settings.model, facts, settings, machine)


def _encoder(settings: Settings, machine: Machine) -> Check:
    name = settings.inference.encoder
    facts = _inspect("encoder", name, settings)
    if isinstance(facts, Check):
        return facts
    if not facts.is_encoder:
        advice = "set OPSBOT_INFERENCE__ENCODER to an embedding model"
        return _problem("encoder", f"{name} is not an encoder", advice)
    return _fits("encoder", name, facts, settings, machine)


def _inspect(role: str, name: str, settings: Settings) -> ModelFacts | Check:
    try:
        return inspect_model(resolve(name, settings.models_dir))
    except ModelError as exc:
        detail, _, advice = str(exc).partition(": ")
        return _problem(role, detail, advice)


def _fits(role: str, name: str, facts: ModelFacts, settings: Settings, machine: Machine) -> Check:
    n_ctx = min(settings.inference.n_ctx, facts.n_ctx_train or settings.inference.n_ctx)
    need = facts.memory(n_ctx).total_bytes
    trust = "your own file" if looks_like_path(name) else "hash checked"
    detail = (
        f"{name} ({facts.architecture}, {facts.quantisation}), {trust}, needs about "
        f"{need / _GB:.1f} GB with {n_ctx:,} tokens of context"
    )
    if machine.has_gpu_backend or need <= machine.n_memory_available_bytes:
        return _ok(role, detail)
    if need <= machine.n_memory_bytes:
        return _warning(
            role, detail, "that is more than is free now: stop something, or expect swap"
        )
    return _problem(role, detail, "choose a smaller one: `opsbot models list` shows what fits")


def _disk(settings: Settings, _: Machine) -> Check:
    free = {folder: n_free_bytes(folder) for folder in (settings.home, settings.models_dir)}
    detail = ", ".join(f"{size / _GB:.1f} GB free at {path}" for path, size in free.items())
    denied = [path for path in free if not os.access(existing_parent(path), os.W_OK)]
    if denied:
        advice = "fix its permissions or set OPSBOT_HOME and OPSBOT_MODELS_DIR"
        return _problem("disk", f"{denied[0]} cannot be written", advice)
    if min(free.values()) < _LOW_DISK_BYTES:
        return _warning("disk", detail, "free some space before models or indexes grow")
    return _ok("disk", detail)


def _database(settings: Settings, _: Machine) -> Check:
    try:
        url = make_url(settings.effective_database_url)
    except ArgumentError:
        advice = "write it like sqlite:///path or postgresql+psycopg://user@host/name"
        return _problem("database", "OPSBOT_DATABASE_URL is not a database URL", advice)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return _ok("database", f"{shown} (not opened by this check)")
    path = Path(str(url.database))
    target = path if path.exists() else existing_parent(path.parent)
    if not os.access(target, os.W_OK):
        return _problem("database", f"{target} cannot be written", "fix its permissions")
    state = "exists and can be written" if path.exists() else "will be created at the first start"
    return _ok("database", f"{path} {state}")


def _logs(settings: Settings) -> Iterator[Check]:
    if not settings.logs.sources:
        advice = (
            "name some in opsbot.toml under [logs.sources], for example checkout = ['/path/*.log']"
        )
        yield _warning("logs", "no log sources are configured", advice)
    for service, patterns in settings.logs.sources.items():
        globs = tuple(pattern for pattern in patterns if is_file(pattern))
        if globs:
            yield _log_files(service, globs)
        places = places_of(settings.logs)
        for source in patterns:
            if not is_file(source):
                fault = fault_of(source, places)
                name = f"logs of {service}"
                yield _problem(name, fault, "correct logs") if fault else _ok(name, source)


def _log_files(service: str, patterns: tuple[str, ...]) -> Check:
    name = f"logs of {service}"
    found = {path for pattern in patterns for path in glob.glob(pattern, recursive=True)}
    files = sorted(path for path in found if Path(path).is_file())
    if not files:
        return _problem(name, f"no file matches {' or '.join(patterns)}", "correct the pattern")
    denied = [path for path in files if not os.access(path, os.R_OK)]
    if denied:
        detail = f"{denied[0]} cannot be read"
        return _problem(name, detail, "let the bot's user read it, for example with group adm")
    return _ok(name, f"{len(files)} file{'s' if len(files) > 1 else ''}, for example {files[0]}")


def _knowledge(settings: Settings, _: Machine) -> Check:
    knowledge = settings.knowledge
    if not knowledge.folders and not knowledge.sources:
        advice = "name some in opsbot.toml as knowledge.folders, so that answers can cite them"
        return _warning("knowledge", "no documents are configured", advice)
    local = [Path(one.location) for one in knowledge.sources if one.kind == "folder"]
    folders = [folder.expanduser() for folder in (*knowledge.folders, *local)]
    missing = [folder for folder in folders if not folder.exists()]
    if missing:
        advice = "correct knowledge.folders or knowledge.sources"
        return _problem("knowledge", f"{missing[0]} does not exist", advice)
    n_other = len(knowledge.sources) - len(local)
    n_files = sum(path.is_file() for folder in folders for path in folder.rglob("*"))
    if n_files == 0 and not n_other:
        return _warning("knowledge", "the folders hold no documents", "add documents")
    return _ok("knowledge", f"{n_files} files in {len(folders)} folders, {n_other} other sources")


def _runbooks(settings: Settings, _: Machine) -> Check:
    missing = [folder for folder in settings.runbooks.folders if not folder.is_dir()]
    if missing:
        return _problem("runbooks", f"{missing[0]} is not a folder", "correct runbooks.folders")
    if settings.runbooks.policy_file is None and not settings.runbooks.approvers:
        advice = "list Slack user ids as runbooks.approvers, or nothing can be approved"
        return _warning("runbooks", "nobody may approve", advice)
    n_folders = len(settings.runbooks.folders)
    return _ok(
        "runbooks",
        f"builtin and {n_folders} more folders, environment {settings.runbooks.environment}",
    )


def _sandbox(_: Settings, __: Machine) -> Check:
    fault = sandbox_fault()
    if fault:
        advice = "install bubblewrap and allow user namespaces, so that previews cannot write"
        return _warning("sandbox", f"{fault}: previews and checks are not shut in", advice)
    return _ok("sandbox", "previews and checks see the file system read-only (bubblewrap)")


def _targets(settings: Settings) -> Iterator[Check]:
    for target, facts, fault in target_facts(settings.runbooks):
        name = f"target {target}"
        if fault:
            yield _problem(name, fault, f"correct runbooks.targets.{target}")
        else:
            yield _ok(name, facts)


def _policy(settings: Settings) -> Iterator[Check]:
    path, now = settings.runbooks.policy_file, datetime.now(UTC)
    try:
        policy = settings_policy(settings, "home") if path is None else load_policy(path, "home")
    except (RunbookFileError, PolicyError) as exc:
        advice = "correct it; a running opsbot keeps the last good one, a new one approves nothing"
        yield _problem("policy", "; ".join(str(exc).splitlines()), advice)
        return
    found = lockouts(policy, (settings.runbooks.environment,), now)
    if path is None and not policy.approvers:
        return
    for fault in found:
        yield _warning("policy", fault, "name more approvers: docs/policy.md says how")
    if not found and path is not None:
        yield _ok("policy", f"{path}, {len(policy.rules)} rules, sha256 {policy.digest[:12]}")
    if policy.solo is not None and policy.solo.holds(now):
        until = f"{policy.solo.end_at:%Y-%m-%d %H:%M} UTC"
        yield _warning("policy", f"solo mode is on until {until}", "end it when others are back")


def _slack(settings: Settings, _: Machine) -> Check:
    expected = {
        "SLACK_BOT_TOKEN": ("xoxb-", settings.slack.bot_token),
        "SLACK_APP_TOKEN": ("xapp-", settings.slack.app_token),
    }
    missing = [name for name, (_, token) in expected.items() if not token.get_secret_value()]
    if missing:
        advice = "`opsbot demo` and `opsbot ask` work without; README says how to connect Slack"
        return _warning("slack", f"{' and '.join(missing)} not set", advice)
    for name, (prefix, token) in expected.items():
        if not token.get_secret_value().startswith(prefix):
            return _problem("slack", f"{name} does not begin with {prefix}", "copy it again")
    return _ok("slack", f"both tokens are set, API at {settings.slack.api_url}")


def _port(settings: Settings, _: Machine) -> Check:
    where = f"{settings.host}:{settings.port}"
    if settings.port == 0:
        return _ok("port", "any free port")
    is_free = is_port_free(settings.host, settings.port)
    if is_free is None:
        return _problem("port", f"{settings.host} is no address of this machine", "correct host")
    if not is_free:
        advice = "stop what listens there (perhaps opsbot itself) or set OPSBOT_PORT"
        return _warning("port", f"{where} cannot be used", advice)
    return _ok("port", f"{where} is free")


def _timezone(settings: Settings, _: Machine) -> Check:
    if not settings.timezone:
        return _ok("time zone", "the machine's")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        detail = f"there is no time zone {settings.timezone!r}"
        return _problem("time zone", detail, "use a name like Europe/Berlin")
    return _ok("time zone", settings.timezone)
