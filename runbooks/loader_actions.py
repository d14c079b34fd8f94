"""What a step does: exactly one kind of action, read into its record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from .actions.kinds import (
    Action,
    CommandAction,
    ExplainAction,
    HttpAction,
    ManualAction,
    WaitAction,
)
from .loader_targets import TargetReader
from .loader_texts import Asked, Texts
from .placeholders import Malformed, find
from .yaml_tree import Fields, Node

KINDS = (
    "argv",
    "ssh",
    "kubernetes",
    "docker",
    "ansible",
    "http",
    "sql",
    "wait",
    "manual",
    "explain",
)
ACTION_FIELDS = (*KINDS, "cwd", "env", "timeout_s")
CHECKS = frozenset({"argv", "ssh", "kubernetes", "docker", "ansible", "http", "sql"})
ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
LOADS_CODE = re.compile(
    r"LD_\w+|PATH|BASH_ENV|ENV|SHELL|IFS|PYTHON\w*|PERL5?\w*|RUBY\w*|NODE_\w+|JAVA_TOOL_OPTIONS"
    r"|\w*PAGER|\w*EDITOR|VISUAL|BROWSER|GIT_\w+|LESS\w*"
)
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
SECRET_HEADER = re.compile(r"(?i)(proxy-)?authorization|cookie|.*(token|secret|api-?key).*")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SAFE_METHODS = ("GET", "HEAD")

_Reader = Callable[[Asked], Action | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReader:
    """Reads actions of every kind."""

    texts: Texts

    def read(
        self, node: Node, inner: Fields, name: str, timeout_s: float | None, *, safe: bool
    ) -> Action | None:
        """Read an action from the fields of `name`.

        Args:
            inner: The fields of `node`, only those in `ACTION_FIELDS`.
            timeout_s: Used where the action itself gives none.
            safe: Only what changes nothing, as far as the kind can tell.
        """
        tree = self.texts.tree
        kinds = [kind for kind in KINDS if kind in inner]
        if len(kinds) != 1:
            tree.fault(node, f"{name} must have exactly one of: {', '.join(KINDS)}")
            return None
        kind = kinds[0]
        if safe and kind not in CHECKS:
            tree.fault(inner[kind], f"{name} must look at something: {kind} does not")
            return None
        for extra in ("cwd", "env"):
            if extra in inner and kind != "argv":
                tree.fault(inner[extra], f"{extra} goes with argv, not with {kind}")
        own_s = self.texts.seconds(inner.get("timeout_s"), "timeout_s")
        limit_s = own_s if own_s is not None else timeout_s
        if kind == "argv":
            return self._command(inner, name, limit_s)
        targets = TargetReader(texts=self.texts)
        readers: dict[str, _Reader] = {
            "ssh": targets.ssh,
            "kubernetes": targets.kubernetes,
            "docker": targets.docker,
            "ansible": targets.ansible,
            "sql": targets.sql,
            "http": self._http,
            "wait": self._wait,
            "manual": self._manual,
            "explain": self._explain,
        }
        asked = Asked(node=inner[kind], name=name, limit_s=limit_s, safe=safe)
        return readers[kind](asked)

    def _command(self, inner: Fields, name: str, limit_s: float | None) -> CommandAction | None:
        argv = self.texts.argv(inner["argv"], name)
        cwd = self.texts.text(inner.get("cwd"), "cwd")
        env = self._env(inner.get("env"))
        if argv is None:
            return None
        default_s = CommandAction(argv=argv).timeout_s
        return CommandAction(argv=argv, cwd=cwd, env=env, timeout_s=limit_s or default_s)

    def _env(self, node: Node | None) -> dict[str, str]:
        env = self.texts.mapping(node, "env")
        for name in tuple(env):
            if not ENV_NAME.fullmatch(name):
                fault = f"env name {name!r} must be upper-case letters, digits, '_'"
            elif LOADS_CODE.fullmatch(name):
                fault = f"env {name} can change which code runs and is not allowed"
            else:
                continue
            self.texts.tree.fault(self._key(node, name), fault)
            del env[name]
        return env

    def _key(self, node: Node | None, name: str) -> Node | None:
        entries = self.texts.tree.read_entries(node, "env") if node is not None else None
        return entries[name][0] if entries else node

    def _http(self, asked: Asked) -> HttpAction | None:
        optional = ("method", "expect_status", "timeout_s", "target", "headers", "body")
        texts = self.texts
        fields = texts.tree.read_fields(asked.node, "http", required=("url",), optional=optional)
        target = texts.text(fields.get("target"), "target") or ""
        url = self._url(fields.get("url"), is_path=bool(target))
        method = texts.tree.read_text(fields.get("method"), "method") or "GET"
        status = texts.whole(fields.get("expect_status"), "expect_status", low=100, high=599)
        own_s = texts.seconds(fields.get("timeout_s"), "timeout_s")
        allowed = SAFE_METHODS if asked.safe else METHODS
        if method not in allowed:
            fault = f"method of {asked.name} must be one of {allowed}"
            texts.tree.fault(fields.get("method"), fault)
        headers = self._headers(fields.get("headers"))
        body = texts.text(fields.get("body"), "body")
        if url is None:
            return None
        default = HttpAction(url=url)
        return HttpAction(
            url=url,
            method=method,
            expect_status=status or default.expect_status,
            timeout_s=own_s or asked.limit_s or default.timeout_s,
            target=target,
            headers=headers,
            body=body,
        )

    def _headers(self, node: Node | None) -> dict[str, str]:
        headers = self.texts.mapping(node, "headers")
        for name in headers:
            if not HEADER.fullmatch(name):
                self.texts.tree.fault(node, f"header {name!r} must be letters, digits and '-'")
            elif SECRET_HEADER.fullmatch(name):
                self.texts.tree.fault(
                    node, f"header {name} holds credentials: these belong to a target's settings"
                )
        return headers

    def _url(self, node: Node | None, *, is_path: bool) -> str | None:
        text = self.texts.text(node, "url")
        if text is None or (text.startswith("{{") and not is_path):
            return text
        if is_path:
            if not text.startswith("/") or text.startswith("//"):
                self.texts.tree.fault(node, "url with a target must be a path that starts with /")
            return text
        scheme, _, rest = text.partition("://")
        if scheme not in {"http", "https"} or not rest:
            self.texts.tree.fault(node, "url must start with http:// or https://")
            return None
        host = [item for item in find(urlsplit(text).netloc) if not isinstance(item, Malformed)]
        if any(not item.is_variable for item in host):
            self.texts.tree.fault(node, "the host of a url cannot come from a parameter")
        return text

    def _wait(self, asked: Asked) -> WaitAction | None:
        fields = self.texts.tree.read_fields(asked.node, "wait", required=("seconds",))
        seconds = self.texts.seconds(fields.get("seconds"), "seconds")
        return WaitAction(seconds=seconds) if seconds is not None else None

    def _manual(self, asked: Asked) -> ManualAction | None:
        fields = self.texts.tree.read_fields(asked.node, "manual", required=("instructions",))
        text = self.texts.text(fields.get("instructions"), "instructions")
        if text is None:
            return None
        default = ManualAction(instructions=text)
        return ManualAction(instructions=text, timeout_s=asked.limit_s or default.timeout_s)

    def _explain(self, asked: Asked) -> ExplainAction | None:
        fields = self.texts.tree.read_fields(asked.node, "explain", required=("of", "question"))
        of = self.texts.fixed(fields.get("of"), "of")
        question = self.texts.text(fields.get("question"), "question")
        if of is None or question is None:
            return None
        default = ExplainAction(of=of, question=question)
        return ExplainAction(of=of, question=question, timeout_s=asked.limit_s or default.timeout_s)
