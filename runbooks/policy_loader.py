"""A policy's YAML file becomes a `Policy`, or the complete list of what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from .errors import PolicyError, RunbookFileError
from .loader_texts import Texts
from .policy import Policy
from .policy_windows import Windows
from .rules import ALL_RISKS, Account, BreakGlass, Role, Rule, Solo
from .yaml_tree import MAX_FILE_BYTES, Fields, Node, Tree, sorted_faults

T = TypeVar("T")

_REQUIRED = ("version", "roles", "rules")
_OPTIONAL = ("people", "freezes", "break_glass", "solo")
_USER = re.compile(r"[UW][A-Z0-9]+|[A-Za-z0-9]+:[A-Za-z0-9_.@-]+")
_GROUP = re.compile(r"(?:[A-Za-z0-9]+:)?S[A-Z0-9]+")
_USER_FORM = "a user id such as U012ADA, or TEAM:USER"
_MAX_PEOPLE = 20


def load_policy(path: Path, team_id: str) -> Policy:
    """Read one file.

    Args:
        team_id: The workspace that bare ids belong to; empty where there is none, so that they
            match nobody.

    Raises:
        RunbookFileError: The file cannot be read or is no policy; names every fault.
    """
    return parse_policy(read_policy(path), path, team_id)


def read_policy(path: Path) -> bytes:
    """Read a policy file's bytes, at most one more than a policy may have.

    Raises:
        RunbookFileError: It cannot be read, or anybody may write it.
    """
    tree = Tree(path=path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if path.stat().st_mode & 0o002:
            tree.fault(None, "everybody on this machine may write it: chmod o-w")
    except OSError as exc:
        tree.fault(None, f"the file cannot be read: {exc.strerror or exc}")
        raise RunbookFileError(tuple(tree.faults)) from exc
    if tree.faults:
        raise RunbookFileError(tuple(tree.faults))
    return content


def parse_policy(content: bytes, path: Path, team_id: str) -> Policy:
    """Read a file's bytes.

    Args:
        content: UTF-8 YAML.
        path: Names the file in faults and in `Policy.source`.
        team_id: See `load_policy`.

    Raises:
        RunbookFileError: Names every fault.
    """
    tree = Tree(path=path)
    node = tree.parse(content)
    policy = _Reader(tree=tree, team_id=team_id).policy(node, content) if node is not None else None
    if tree.faults or policy is None:
        raise RunbookFileError(sorted_faults(tree.faults))
    return policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    tree: Tree
    team_id: str

    @property
    def _texts(self) -> Texts:
        return Texts(tree=self.tree, parameters=())

    def policy(self, node: Node, content: bytes) -> Policy | None:
        """Read the whole document."""
        fields = self.tree.read_fields(node, "a policy", required=_REQUIRED, optional=_OPTIONAL)
        self._texts.whole(fields.get("version"), "version", low=1, high=1)
        people = self._people(fields.get("people"))
        roles = self._roles(fields.get("roles"), people)
        rules = self._rules(fields.get("rules"), tuple(roles))
        windows = Windows(tree=self.tree, roles=tuple(roles))
        freezes = windows.freezes(fields.get("freezes"))
        solo = self._solo(fields.get("solo"), windows)
        break_glass = self._break_glass(fields.get("break_glass"), windows)
        if self.tree.faults or not rules:
            return None
        return Policy(
            rules=rules,
            roles=roles,
            people={account: name for name, accounts in people.items() for account in accounts},
            freezes=freezes,
            solo=solo,
            break_glass=break_glass,
            source=str(self.tree.path),
            digest=hashlib.sha256(content).hexdigest(),
        )

    def _people(self, node: Node | None) -> dict[str, tuple[Account, ...]]:
        """Several accounts of one person, so that they count as one."""
        entries = self.tree.read_entries(node, "people") if node is not None else {}
        people: dict[str, tuple[Account, ...]] = {}
        seen: dict[Account, str] = {}
        for name, (key, value) in (entries or {}).items():
            accounts = self._accounts(value, f"the accounts of {name}")
            for account in accounts:
                if account in seen:
                    self.tree.fault(key, f"{':'.join(account)} is {seen[account]} and {name}")
                seen[account] = name
            people[name] = accounts
        return people

    def _accounts(self, node: Node, what: str) -> tuple[Account, ...]:
        return tuple(
            account
            for item in self.tree.read_items(node, what)
            if (account := self._account(item, _USER, _USER_FORM)) is not None
        )

    def _account(self, node: Node, pattern: re.Pattern[str], form: str) -> Account | None:
        text = self.tree.read_text(node, "an id")
        if text is None:
            return None
        if not pattern.fullmatch(text):
            self.tree.fault(node, f"{text!r} is not {form}")
            return None
        team, colon, name = text.rpartition(":")
        return (team if colon else self.team_id), name

    def _roles(self, node: Node | None, people: dict[str, tuple[Account, ...]]) -> dict[str, Role]:
        entries = self.tree.read_entries(node, "roles") if node is not None else {}
        roles: dict[str, Role] = {}
        for name, (key, value) in (entries or {}).items():
            what = f"role {name}"
            fields = self.tree.read_fields(value, what, required=(), optional=("people", "groups"))
            if not fields:
                self.tree.fault(key, f"{what} has neither people nor groups")
            roles[name] = Role(
                accounts=self._role_accounts(fields, people),
                groups=frozenset(self._groups(fields)),
            )
        return roles

    def _role_accounts(
        self, fields: Fields, people: dict[str, tuple[Account, ...]]
    ) -> frozenset[Account]:
        accounts: set[Account] = set()
        for item in self.tree.read_items(fields.get("people"), "people"):
            name = self.tree.read_text(item, "a person")
            if name in people:
                accounts |= set(people[name])
            elif name is not None:
                account = self._account(item, _USER, f"under people, {_USER_FORM}")
                accounts |= {account} if account is not None else set()
        return frozenset(accounts)

    def _groups(self, fields: Fields) -> list[Account]:
        items = self.tree.read_items(fields.get("groups"), "groups")
        read = (self._account(item, _GROUP, "a user group id such as S0123ABC") for item in items)
        return [group for group in read if group is not None]

    def _rules(self, node: Node | None, roles: tuple[str, ...]) -> tuple[Rule, ...]:
        items = self.tree.read_items(node, "rules")
        if node is not None and not items:
            self.tree.fault(node, "rules must be a list of at least one rule")
        rules = [self._rule(item, Windows(tree=self.tree, roles=roles)) for item in items]
        return tuple(rule for rule in rules if rule is not None)

    def _rule(self, node: Node, windows: Windows) -> Rule | None:
        fields = self.tree.read_fields(
            node,
            "a rule",
            required=("approvers",),
            optional=("risk", "environments", "approvals", "expires_minutes", "self_approval"),
        )
        n_approvals = self._texts.whole(
            fields.get("approvals"), "approvals", low=1, high=_MAX_PEOPLE
        )
        minutes = self._minutes(fields.get("expires_minutes"), "expires_minutes", 24 * 60, 15)
        return self._made(
            node,
            lambda: Rule(
                roles=windows.named_roles(fields.get("approvers"), "approvers"),
                risks=windows.risks(fields.get("risk"), ALL_RISKS),
                environments=windows.environments(fields.get("environments")),
                n_approvals=n_approvals or 1,
                ttl_s=minutes * 60,
                self_approval=self._texts.flag(fields.get("self_approval"), "self_approval"),
            ),
        )

    def _solo(self, node: Node | None, windows: Windows) -> Solo | None:
        if node is None:
            return None
        required = ("roles", "from", "until", "reason")
        fields = self.tree.read_fields(node, "solo", required=required, optional=("timezone",))
        zone = windows.zone(fields.get("timezone"))
        start, end = (
            windows.moment(fields.get("from"), zone),
            windows.moment(fields.get("until"), zone),
        )
        reason = self.tree.read_text(fields.get("reason"), "reason")
        roles = windows.named_roles(fields.get("roles"), "roles")
        if start is None or end is None or reason is None:
            return None
        return self._made(
            node, lambda: Solo(roles=roles, start_at=_utc(start), end_at=_utc(end), reason=reason)
        )

    def _break_glass(self, node: Node | None, windows: Windows) -> BreakGlass | None:
        if node is None:
            return None
        fields = self.tree.read_fields(
            node,
            "break_glass",
            required=("roles",),
            optional=("environments", "minutes", "approvals"),
        )
        minutes = self._minutes(fields.get("minutes"), "minutes", 240, 30)
        n_approvals = self._texts.whole(
            fields.get("approvals"), "approvals", low=1, high=_MAX_PEOPLE
        )
        return self._made(
            node,
            lambda: BreakGlass(
                roles=windows.named_roles(fields.get("roles"), "roles"),
                environments=windows.environments(fields.get("environments")),
                ttl_s=minutes * 60,
                n_approvals=n_approvals or 1,
            ),
        )

    def _minutes(self, node: Node | None, what: str, most: int, usual: float) -> float:
        minutes = self.tree.read_number(node, what)
        if minutes is None:
            return usual
        if not 0 < minutes <= most:
            self.tree.fault(node, f"{what} must be more than 0 and at most {most} minutes")
            return usual
        return minutes

    def _made(self, node: Node, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except PolicyError as exc:
            self.tree.fault(node, str(exc))
            return None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
