"""What a step runs: one program with its arguments, or one HTTP request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from .placeholders import Malformed, find
from .schema import Action, CommandAction, HttpAction, Parameter, ParameterType
from .yaml_tree import Fields, Node, Tree

ACTION_FIELDS = ("argv", "cwd", "env", "timeout_s", "http")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "busybox", "eval"})
_ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_LOADS_CODE = re.compile(
    r"LD_\w+|PATH|BASH_ENV|ENV|SHELL|IFS|PYTHON\w*|PERL5?\w*|RUBY\w*|NODE_\w+|JAVA_TOOL_OPTIONS"
    r"|\w*PAGER|\w*EDITOR|VISUAL|BROWSER|GIT_\w+|LESS\w*"
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReader:
    """Reads actions against the declared parameters."""

    tree: Tree
    parameters: tuple[Parameter, ...]

    def read(
        self, node: Node, inner: Fields, name: str, timeout_s: float | None, *, safe: bool
    ) -> Action | None:
        """Read an action from the fields of `name`.

        Args:
            inner: The fields of `node`, only those in `ACTION_FIELDS`.
            timeout_s: Used where the action itself gives none.
            safe: Only HTTP methods that change nothing.
        """
        if ("argv" in inner) == ("http" in inner):
            self.tree.fault(node, f"{name} must have either 'argv' or 'http'")
            return None
        if "http" in inner:
            for extra in inner.keys() - {"http"}:
                self.tree.fault(inner[extra], f"{extra} goes with argv, not with http")
            return self._http(inner["http"], name, timeout_s, safe=safe)
        own_s = self.seconds(inner.get("timeout_s"), "timeout_s")
        return self._command(inner, name, own_s if own_s is not None else timeout_s)

    def _command(self, inner: Fields, name: str, timeout_s: float | None) -> CommandAction | None:
        items = self.tree.read_items(inner["argv"], f"argv of {name}")
        if not items:
            self.tree.fault(inner["argv"], f"argv of {name} must be a list of arguments")
            return None
        read = [self._argument(item) for item in items]
        argv = tuple(text for text in read if text is not None)
        cwd = self.text(inner.get("cwd"), "cwd")
        env = self._env(inner.get("env"))
        if len(argv) < len(items):
            return None
        self._check_program(items, argv)
        command = CommandAction(argv=argv, cwd=cwd, env=env)
        if timeout_s is None:
            return command
        return CommandAction(argv=argv, cwd=cwd, env=env, timeout_s=timeout_s)

    def _argument(self, node: Node) -> str | None:
        text = self.text(node, "an argument")
        if text is None:
            return None
        if "\x00" in text:
            self.tree.fault(node, "an argument holds a zero byte")
        if any(quote in text for quote in "'\""):
            for name in self._unbounded(text):
                self.tree.fault(
                    node, f"parameter {name!r} stands in quoted text: give it a pattern or choices"
                )
        return text.rstrip("\n")

    def _unbounded(self, text: str) -> Iterator[str]:
        """Names of string parameters used in a text that could hold anything."""
        used = {item.name for item in find(text) if not isinstance(item, Malformed)}
        for parameter in self.parameters:
            free = parameter.pattern is None and not parameter.choices
            if parameter.name in used and parameter.type is ParameterType.STRING and free:
                yield parameter.name

    def _check_program(self, items: tuple[Node, ...], argv: tuple[str, ...]) -> None:
        placeholders = [item for item in find(argv[0]) if not isinstance(item, Malformed)]
        if any(not item.is_variable for item in placeholders):
            self.tree.fault(items[0], "the program to run cannot come from a parameter")
        if argv[0].rsplit("/", 1)[-1] in _SHELLS:
            self.tree.fault(
                items[0], f"{argv[0]} is a shell: name the program and its arguments instead"
            )

    def _env(self, node: Node | None) -> dict[str, str]:
        if node is None:
            return {}
        env: dict[str, str] = {}
        for name, (key, value) in (self.tree.read_entries(node, "env") or {}).items():
            text = self.text(value, f"env {name}")
            if not _ENV_NAME.fullmatch(name):
                self.tree.fault(key, f"env name {name!r} must be upper-case letters, digits, '_'")
            elif _LOADS_CODE.fullmatch(name):
                self.tree.fault(key, f"env {name} can change which code runs and is not allowed")
            elif text is not None:
                env[name] = text
        return env

    def _http(
        self, node: Node, name: str, timeout_s: float | None, *, safe: bool
    ) -> HttpAction | None:
        fields = self.tree.read_fields(
            node, "http", required=("url",), optional=("method", "expect_status", "timeout_s")
        )
        url = self._url(fields.get("url"))
        method = self.tree.read_text(fields.get("method"), "method") or "GET"
        status = self.tree.read_number(fields.get("expect_status"), "expect_status")
        own_s = self.seconds(fields.get("timeout_s"), "timeout_s")
        allowed = _SAFE_METHODS if safe else _METHODS
        if method not in allowed:
            self.tree.fault(fields.get("method"), f"method of {name} must be one of {allowed}")
        if status is not None and not (status.is_integer() and 100 <= status <= 599):
            self.tree.fault(fields.get("expect_status"), "expect_status must be 100 to 599")
        if url is None:
            return None
        default = HttpAction(url=url)
        return HttpAction(
            url=url,
            method=method,
            expect_status=default.expect_status if status is None else int(status),
            timeout_s=own_s or timeout_s or default.timeout_s,
        )

    def _url(self, node: Node | None) -> str | None:
        text = self.text(node, "url")
        if text is None:
            return None
        if text.startswith("{{"):
            return text
        scheme, _, rest = text.partition("://")
        if scheme not in {"http", "https"} or not rest:
            self.tree.fault(node, "url must start with http:// or https://")
            return None
        host = [item for item in find(urlsplit(text).netloc) if not isinstance(item, Malformed)]
        if any(not item.is_variable for item in host):
            self.tree.fault(node, "the host of a url cannot come from a parameter")
        return text

    def seconds(self, node: Node | None, what: str) -> float | None:
        """Read a duration of at most a day, in seconds."""
        value = self.tree.read_number(node, what)
        if value is not None and not 0 < value <= 86_400:
            self.tree.fault(node, f"{what} must be more than 0 and at most 86400 seconds")
            return None
        return value

    def text(self, node: Node | None, what: str) -> str | None:
        """Read a text and check the placeholders in it."""
        text = self.tree.read_text(node, what)
        if text is None or node is None:
            return None
        declared = {parameter.name for parameter in self.parameters}
        for item in find(text):
            if isinstance(item, Malformed):
                self.tree.fault(
                    node, f"{item.text} is neither {{{{ name }}}} nor {{{{ vars.name }}}}"
                )
            elif not item.is_variable and item.name not in declared:
                self.tree.fault(node, f"parameter {item.name!r} is not declared")
        return text
