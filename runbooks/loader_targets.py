"""Actions on a named target: ssh, kubernetes, docker, ansible and sql."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .actions.kinds import AnsibleAction, DockerAction, KubernetesAction, SqlAction, SshAction
from .actions.sql import statement_fault
from .loader_texts import Asked, Texts
from .placeholders import find
from .yaml_tree import Fields

MODULE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*){0,2}")
FREE_FORM = frozenset({"shell", "command", "raw", "script", "expect", "win_shell", "win_command"})
_BOUND = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
MAX_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReader:
    """Reads what runs somewhere else; address and credentials are the target's settings."""

    texts: Texts

    def ssh(self, asked: Asked) -> SshAction | None:
        """Read `ssh: {target, argv}`."""
        fields = self._fields(asked, "ssh", ("target", "argv"))
        target = self.texts.text(fields.get("target"), "target")
        argv = self.texts.argv(fields.get("argv"), asked.name)
        if target is None or argv is None:
            return None
        default = SshAction(target=target, argv=argv)
        return SshAction(target=target, argv=argv, timeout_s=asked.limit_s or default.timeout_s)

    def kubernetes(self, asked: Asked) -> KubernetesAction | None:
        """Read `kubernetes: {argv, target}`."""
        target, argv = self._client(asked, "kubernetes")
        if argv is None:
            return None
        default = KubernetesAction(argv=argv)
        limit_s = asked.limit_s or default.timeout_s
        return KubernetesAction(argv=argv, target=target, timeout_s=limit_s)

    def docker(self, asked: Asked) -> DockerAction | None:
        """Read `docker: {argv, target}`."""
        target, argv = self._client(asked, "docker")
        if argv is None:
            return None
        default = DockerAction(argv=argv)
        return DockerAction(argv=argv, target=target, timeout_s=asked.limit_s or default.timeout_s)

    def _client(self, asked: Asked, kind: str) -> tuple[str, tuple[str, ...] | None]:
        fields = self._fields(asked, kind, ("argv",), ("target",))
        target = self.texts.text(fields.get("target"), "target") or ""
        return target, self.texts.argv(fields.get("argv"), asked.name, runs=False)

    def ansible(self, asked: Asked) -> AnsibleAction | None:
        """Read `ansible: {module or playbook, arguments, target, limit, check}`."""
        optional = ("module", "playbook", "arguments", "target", "limit", "check")
        texts, fields = self.texts, self._fields(asked, "ansible", (), optional)
        module = texts.fixed(fields.get("module"), "module") or ""
        playbook = texts.fixed(fields.get("playbook"), "playbook") or ""
        check = texts.flag(fields.get("check"), "check")
        if bool(module) == bool(playbook):
            texts.tree.fault(asked.node, "ansible must have either 'module' or 'playbook'")
            return None
        if module:
            self._check_module(fields, module)
        if asked.safe and not check:
            texts.tree.fault(asked.node, f"ansible in {asked.name} must have 'check: true'")
        return AnsibleAction(
            target=texts.text(fields.get("target"), "target") or "",
            module=module,
            arguments=texts.mapping(fields.get("arguments"), "arguments"),
            playbook=playbook,
            limit=texts.text(fields.get("limit"), "limit") or "",
            check=check,
            timeout_s=asked.limit_s or AnsibleAction().timeout_s,
        )

    def _check_module(self, fields: Fields, module: str) -> None:
        node, tree = fields.get("module"), self.texts.tree
        if not MODULE.fullmatch(module):
            tree.fault(node, f"{module!r} is not the name of a module")
        if module.rsplit(".", 1)[-1] in FREE_FORM:
            tree.fault(node, f"module {module} runs free text: use ssh with an argv")

    def sql(self, asked: Asked) -> SqlAction | None:
        """Read `sql: {target, statement, values, writes, max_rows}`."""
        texts = self.texts
        optional = ("values", "writes", "max_rows")
        fields = self._fields(asked, "sql", ("target", "statement"), optional)
        target = texts.text(fields.get("target"), "target")
        statement = texts.tree.read_text(fields.get("statement"), "statement")
        values = texts.mapping(fields.get("values"), "values")
        writes = texts.flag(fields.get("writes"), "writes")
        max_rows = texts.whole(fields.get("max_rows"), "max_rows", low=1, high=MAX_ROWS)
        if asked.safe and writes:
            texts.tree.fault(fields.get("writes"), f"sql in {asked.name} may not write")
        if target is None or statement is None:
            return None
        self._check_statement(fields, statement, values)
        default = SqlAction(target=target, statement=statement)
        fault = statement_fault(replace(default, writes=writes))
        if fault is not None:
            texts.tree.fault(fields.get("statement"), fault)
        return SqlAction(
            target=target,
            statement=statement.strip(),
            values=values,
            writes=writes,
            max_rows=max_rows or default.max_rows,
            timeout_s=asked.limit_s or default.timeout_s,
        )

    def _check_statement(self, fields: Fields, statement: str, values: dict[str, str]) -> None:
        node, tree = fields.get("statement"), self.texts.tree
        if find(statement):
            tree.fault(node, "a statement takes its values from 'values', written as :name")
        wanted = set(_BOUND.findall(statement))
        for name in sorted(wanted - values.keys()):
            tree.fault(node, f":{name} is not among the values")
        for name in sorted(values.keys() - wanted):
            tree.fault(fields.get("values"), f"value {name!r} is not used in the statement")

    def _fields(
        self, asked: Asked, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Fields:
        return self.texts.tree.read_fields(asked.node, what, required=required, optional=optional)
