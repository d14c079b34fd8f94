"""The times, places and names inside a policy file: freezes, moments, environments, risks, roles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from .errors import PolicyError
from .freeze import CHANGES, Dated, Freeze, Weekly
from .schema import Risk
from .yaml_tree import Fields, Node, Tree

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK_TIME = re.compile(r"(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):([0-5]\d)")
_UTC = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Reads them against the roles that are defined."""

    tree: Tree
    roles: tuple[str, ...]

    def freezes(self, node: Node | None) -> tuple[Freeze, ...]:
        """Read the list of freezes."""
        read = [self._freeze(item) for item in self.tree.read_items(node, "freezes")]
        return tuple(freeze for freeze in read if freeze is not None)

    def _freeze(self, node: Node) -> Freeze | None:
        fields = self.tree.read_fields(
            node,
            "a freeze",
            required=("name", "reason"),
            optional=("weekly", "from", "until", "timezone", "environments", "risk", "override"),
        )
        name = self.tree.read_text(fields.get("name"), "name")
        reason = self.tree.read_text(fields.get("reason"), "reason")
        zone = self.zone(fields.get("timezone"))
        window = self._window(node, fields, zone)
        override = fields.get("override")
        roles = self.named_roles(override, "override") if override is not None else ()
        risks = self.risks(fields.get("risk"), CHANGES)
        environments = self.environments(fields.get("environments"))
        if name is None or reason is None or window is None:
            return None
        return Freeze(
            name=name,
            window=window,
            zone=zone,
            reason=reason,
            environments=environments,
            risks=risks,
            override=roles,
        )

    def _window(self, node: Node, fields: Fields, zone: ZoneInfo) -> Weekly | Dated | None:
        dated = "from" in fields or "until" in fields
        if dated == ("weekly" in fields):
            self.tree.fault(node, "a freeze has either 'weekly' or 'from' and 'until'")
            return None
        try:
            return self._dated(node, fields, zone) if dated else self._weekly(fields["weekly"])
        except PolicyError as exc:
            self.tree.fault(node, str(exc))
            return None

    def _dated(self, node: Node, fields: Fields, zone: ZoneInfo) -> Dated | None:
        if "from" not in fields or "until" not in fields:
            self.tree.fault(node, "a dated freeze needs 'from' and 'until'")
            return None
        start, end = self.moment(fields["from"], zone), self.moment(fields["until"], zone)
        return Dated(start_at=start, end_at=end) if start and end else None

    def _weekly(self, node: Node) -> Weekly | None:
        fields = self.tree.read_fields(node, "weekly", required=("from", "until"))
        start, end = self._minute(fields.get("from")), self._minute(fields.get("until"))
        if start is None or end is None:
            return None
        return Weekly(start_minute=start, end_minute=end)

    def _minute(self, node: Node | None) -> int | None:
        text = self.tree.read_text(node, "a time of the week")
        if text is None:
            return None
        found = _WEEK_TIME.fullmatch(text.strip().lower())
        if found is None:
            self.tree.fault(node, f"{text!r} is no time of the week, for example 'fri 18:00'")
            return None
        day, hour, minute = found.groups()
        return (_DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)

    def zone(self, node: Node | None) -> ZoneInfo:
        """Read the name of a time zone; UTC when it is missing."""
        name = self.tree.read_text(node, "timezone")
        try:
            return ZoneInfo(name or _UTC)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.tree.fault(node, f"there is no time zone {name!r}: use a name like Europe/Berlin")
            return ZoneInfo(_UTC)

    def moment(self, node: Node | None, zone: ZoneInfo) -> datetime | None:
        """Read a date and time, with or without quotes; one without an offset is in the zone."""
        if node is None:
            return None
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            self.tree.fault(node, f"{text!r} is no date and time, for example 2026-12-24T18:00")
            return None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)

    def named_roles(self, node: Node | None, what: str) -> tuple[str, ...]:
        """Read names of defined roles, at least one."""
        names: list[str] = []
        for item in self.tree.read_items(node, what):
            name = self.tree.read_text(item, f"an item of {what}")
            if name is not None and name not in self.roles:
                known = ", ".join(self.roles) or "none"
                self.tree.fault(item, f"{what}: there is no role {name!r} (there are: {known})")
            elif name is not None:
                names.append(name)
        if (
            node is not None
            and not names
            and isinstance(node, yaml.SequenceNode)
            and not node.value
        ):
            self.tree.fault(node, f"{what} names no role")
        return tuple(names)

    def environments(self, node: Node | None) -> tuple[str, ...]:
        """Read names or patterns of environments; all of them when they are missing."""
        names = self.tree.read_texts(node, "environments")
        if node is not None and not names:
            self.tree.fault(node, "environments names none; leave it out for all of them")
        return names or ("*",)

    def risks(self, node: Node | None, usual: frozenset[Risk]) -> frozenset[Risk]:
        """Read names of risks; `usual` when they are missing."""
        if node is None:
            return usual
        risks: set[Risk] = set()
        for item in self.tree.read_items(node, "risk"):
            name = self.tree.read_text(item, "a risk")
            try:
                risks |= {Risk(name)} if name is not None else set()
            except ValueError:
                known = ", ".join(risk.value for risk in Risk)
                self.tree.fault(item, f"there is no risk {name!r} (there are: {known})")
        if isinstance(node, yaml.SequenceNode) and not node.value:
            self.tree.fault(node, "risk names none; leave it out for all of them")
        return frozenset(risks)
