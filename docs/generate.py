"""Keeps the generated parts of the documents true: modules, settings, builtin runbooks.

Usage: .venv/bin/python docs/generate.py [--check]

Without an option the parts between the markers are rewritten; with --check nothing is written and
the exit status is 1 if something is out of date.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bot.settings import Settings
from runbooks.catalog import Catalog

PACKAGES = ("bot", "inference", "knowledge", "runbooks")
PLATFORM_DEFAULTS = {
    "home": "the user's data directory (Linux: `~/.local/share/opsbot`)",
    "models_dir": "`models` in the user's cache directory (Linux: `~/.cache/opsbot/models`)",
}
OWN_VARIABLES = {
    "slack.bot_token": "SLACK_BOT_TOKEN",
    "slack.app_token": "SLACK_APP_TOKEN",
    "slack.api_url": "SLACK_API_URL",
}


def module_list() -> str:
    """Every module with the first line of its docstring, a paragraph for each folder."""
    parts: list[str] = []
    for folder in _folders():
        own, modules = _first_line(folder / "__init__.py"), sorted(folder.glob("*.py"))
        parts.append(f"**{folder.relative_to(ROOT)}/** {own}".rstrip() + "\n")
        parts += [
            f"- `{module.name}` {_first_line(module)}".rstrip()
            for module in modules
            if module.name != "__init__.py"
        ]
        parts.append("")
    return "\n".join(parts).strip()


def _folders() -> Iterator[Path]:
    for package in PACKAGES:
        found = {path.parent for path in (ROOT / package).rglob("*.py")}
        yield from sorted(found)


def _first_line(module: Path) -> str:
    if not module.exists():
        return ""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def settings_table() -> str:
    """Every setting with its variable, its default and what it means."""
    lines = ["| setting | variable | default | meaning |", "|---|---|---|---|"]
    for name, field in _fields(Settings, ""):
        variable = OWN_VARIABLES.get(name) or f"OPSBOT_{name.replace('.', '__').upper()}"
        meaning = re.sub(r" \((?:OPSBOT|SLACK)_\w+\)", "", field.description or "")
        lines.append(f"| `{name}` | `{variable}` | {_default(name, field)} | {meaning} |")
    return "\n".join(lines)


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _default(name: str, field: FieldInfo) -> str:
    if name in PLATFORM_DEFAULTS:
        return PLATFORM_DEFAULTS[name]
    value: object = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr) or value in ("", (), None, {}):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def runbook_table() -> str:
    """Every builtin runbook: what it is for, what its steps may hurt, and who asks for it."""
    lines = ["| runbook | what for | risk | alerts |", "|---|---|---|---|"]
    for runbook in Catalog.load().all:
        alerts = ", ".join(f"`{alert}`" for alert in runbook.alerts) or "none: a person asks for it"
        risk = runbook.risk.replace("_", " ")
        lines.append(f"| `{runbook.name}` | {runbook.title} | {risk} | {alerts} |")
    return "\n".join(lines)


PARTS = {
    ("ARCHITECTURE.md", "modules"): module_list,
    ("docs/configuration.md", "settings"): settings_table,
    ("docs/runbooks.md", "builtin"): runbook_table,
}


def main() -> int:
    """Rewrite or check every generated part; returns the exit status."""
    stale: list[str] = []
    for (name, marker), make in PARTS.items():
        path = ROOT / name
        before = path.read_text(encoding="utf-8")
        begin, end = f"<!-- {marker}: begin -->\n", f"\n<!-- {marker}: end -->"
        head, _, rest = before.partition(begin)
        _, _, tail = rest.partition(end)
        after = f"{head}{begin}{make()}{end}{tail}"
        if after != before:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(after, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"{name} is out of date: run .venv/bin/python docs/generate.py\n")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
