"""`opsbot policy ...`: look at the rules about approvals, and break the glass from a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import FAILED, WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from bot.settings import Settings
    from runbooks.policy import Policy
    from runbooks.rules import Terms

app = typer.Typer(no_args_is_help=True, help="Rules about approvals: who may, how many, when.")

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Environment = Annotated[str, typer.Argument(help="The environment, for example production.")]


@app.command()
def show(as_json: _Json = False) -> None:
    """Print the rules that the settings ask for."""
    policy = _policy()
    if as_json:
        emit_json(_record(policy))
        return
    _print(f"{policy.source or 'the settings, without a policy file'}  {policy.digest[:12]}")
    for name, role in policy.roles.items():
        _print(f"role {name}: {_accounts(role.accounts | role.groups)}")
    for number, rule in enumerate(policy.rules, start=1):
        _print(
            f"{number}. {_risks(rule.risks)} risk in {', '.join(rule.environments)}: "
            f"{rule.n_approvals} of {' or '.join(rule.roles)}, {rule.ttl_s / 60:g} min"
            f"{', the requester too' if rule.self_approval else ''}"
        )
    if not policy.rules:
        _print(f"every risk, everywhere: {_accounts(policy.approvers) or 'nobody'}")
    for freeze in policy.freezes:
        now = freeze.window.holds(datetime.now(freeze.zone))
        _print(f"freeze {freeze.name!r}: {freeze.reason}{' (now)' if now else ''}")


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="The policy file.")], as_json: _Json = False
) -> None:
    """Check a policy file: every fault as file:line, and whom it locks out."""
    from bot.cli.context import read_settings
    from runbooks.errors import RunbookFileError
    from runbooks.lockout import lockouts
    from runbooks.policy_loader import load_policy

    try:
        policy = load_policy(path, "home")
    except RunbookFileError as exc:
        if as_json:
            emit_json({"faults": exc.faults, "lockouts": []})
        for fault in () if as_json else exc.faults:
            _print(str(fault), "red")
        raise typer.Exit(FAILED) from exc
    environment = read_settings().runbooks.environment
    found = lockouts(policy, (environment,), datetime.now(UTC))
    if as_json:
        emit_json({"faults": [], "lockouts": found})
        return
    for sentence in found:
        _print(sentence, "yellow")
    _print(f"{path}: {len(policy.rules)} rules, no faults, sha256 {policy.digest}", "green")


@app.command()
def explain(
    risk: Annotated[str, typer.Argument(help="read_only, low, medium or high.")],
    environment: _Environment,
    as_json: _Json = False,
) -> None:
    """Say who must approve a risk in an environment now."""
    from runbooks.schema import Risk

    try:
        wanted = Risk(risk)
    except ValueError:
        fail(f"there is no risk {risk!r}: {', '.join(Risk)}", WRONG_USE)
    now = datetime.now(UTC)
    policy = _policy()
    terms = policy.terms(wanted, environment, now)
    if as_json:
        emit_json(_terms_record(terms, now))
        return
    if terms.nobody:
        _print(f"nobody may approve: {terms.nobody}", "red")
    else:
        who = " or ".join(terms.roles) or _accounts(terms.accounts)
        own = "the requester may be one" if terms.may_approve_own else "not the requester"
        _print(f"{terms.n_approvals} of {who}, within {terms.ttl_s / 60:g} min, {own}")
    if terms.freeze is not None:
        roles = " or ".join(terms.freeze.override) or "nobody"
        _print(f"{terms.freeze.sentence(now)}; {roles} may override", "yellow")


@app.command("break-glass")
def break_glass(
    environment: _Environment,
    reason: Annotated[str, typer.Option(help="Why rules and freezes must be set aside.")] = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Confirm what another asked.")] = False,
) -> None:
    """Ask for break-glass, or confirm it as the second person."""
    from bot.cli.local_user import local_user
    from bot.cli.runbook_runs import with_services
    from bot.runbook_wiring import RunbookServices
    from runbooks.break_glass import BreakGlassAnswer
    from runbooks.policy import AccountKind

    async def decide(services: RunbookServices, _settings: Settings) -> BreakGlassAnswer:
        if confirm:
            return await services.glass.confirm(environment, local_user(), AccountKind.MEMBER)
        return await services.glass.ask(environment, local_user(), AccountKind.MEMBER, reason)

    answer = with_services(decide)
    if not answer.allowed:
        fail(answer.sentence)
    _print(answer.sentence)


def _policy() -> Policy:
    from bot.cli.context import read_settings
    from bot.runbook_wiring import settings_policy
    from runbooks.errors import PolicyError, RunbookFileError
    from runbooks.policy_loader import load_policy

    settings = read_settings()
    path = settings.runbooks.policy_file
    try:
        return settings_policy(settings, "") if path is None else load_policy(path, "")
    except (PolicyError, RunbookFileError) as exc:
        fail(str(exc))


def _record(policy: Policy) -> dict[str, object]:
    return {
        "source": policy.source,
        "sha256": policy.digest,
        "approvers": sorted(policy.approvers),
        "roles": {
            name: {"accounts": sorted(role.accounts), "groups": sorted(role.groups)}
            for name, role in policy.roles.items()
        },
        "rules": policy.rules,
        "freezes": [{"name": each.name, "reason": each.reason} for each in policy.freezes],
        "solo": policy.solo,
        "break_glass": policy.break_glass,
    }


def _terms_record(terms: Terms, now: datetime) -> dict[str, object]:
    return {
        "accounts": sorted(terms.accounts),
        "roles": terms.roles,
        "n_approvals": terms.n_approvals,
        "ttl_s": terms.ttl_s,
        "may_approve_own": sorted(terms.may_approve_own),
        "freeze": terms.freeze.sentence(now) if terms.freeze is not None else None,
        "nobody": terms.nobody,
    }


def _risks(risks: Iterable[str]) -> str:
    return ", ".join(sorted(risk.replace("_", " ") for risk in risks))


def _accounts(accounts: frozenset[tuple[str, str]]) -> str:
    return ", ".join(sorted(":".join(part for part in account if part) for account in accounts))


def _print(text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
