"""A Markdown file with front matter becomes a `Runbook`.

The prose is for people. Every command in it goes through the classifier: what only reads, and what
changes something and is understood, becomes a step; everything else becomes a step in which a
person reads the text and the reason. Nobody declared risks here, so nothing of it runs by itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .actions.kinds import CommandAction, ManualAction
from .commands.classify import Classification, CommandClass, classify
from .loader_heads import read_head
from .loader_parameters import read_parameters
from .markdown_commands import Command, commands, fill_in, heading
from .placeholders import find
from .schema import Parameter, ParameterType, Risk, Runbook, Step
from .yaml_tree import MAX_FILE_BYTES, Node, Tree

_REQUIRED = ("name", "description")
_OPTIONAL = ("title", "version", "services", "symptoms", "alerts", "synonyms", "parameters")
_IGNORED = ("license", "compatibility", "metadata", "allowed-tools", "author", "tags")
_VALUE = r"[A-Za-z0-9/][A-Za-z0-9._:@/+-]{0,200}"
_WHOLE = r"[0-9]{1,18}"
_MAX_STEPS = 50
RISK_OF_CLASS = {CommandClass.READ_ONLY: Risk.READ_ONLY, CommandClass.CHANGE: Risk.MEDIUM}
_BRACES = re.compile(r"\{\{(\s*[A-Za-z_][\w.-]*\s*)\}\}")
_TAKEN = frozenset({"vars", "item"})


def has_front_matter(content: bytes) -> bool:
    """Whether a Markdown file begins with front matter, so that it may be a runbook."""
    return re.match(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n", content) is not None


def read_markdown(tree: Tree, content: bytes) -> Runbook | None:
    """Read a Markdown runbook; None when `tree` has faults then.

    Args:
        content: UTF-8, beginning with front matter.
    """
    parts = _split(tree, content)
    node = tree.parse(parts[0].encode()) if parts is not None else None
    if parts is None or node is None:
        return None
    fields = tree.read_fields(
        node, "front matter", required=_REQUIRED, optional=(*_OPTIONAL, *_IGNORED)
    )
    body = parts[1]
    head = read_head(tree, fields)
    declared = read_parameters(tree, fields.get("parameters"))
    summary = tree.read_text(fields.get("description"), "description") or ""
    title = tree.read_text(fields.get("title"), "title") or heading(body)
    reader = _Reader(declared=declared)
    steps = reader.steps(commands(body))
    _check_steps(tree, node, steps)
    if head is None or tree.faults:
        return None
    return Runbook(
        name=head.name,
        title=title.strip() or head.name.replace("-", " ").capitalize(),
        version=head.version,
        summary=" ".join(summary.split()),
        steps=steps,
        parameters=(*declared, *reader.found.values()),
        services=head.services,
        symptoms=head.symptoms,
        alerts=head.alerts,
        synonyms=head.synonyms,
        source=tree.path,
        digest=hashlib.sha256(content).hexdigest(),
    )


def _split(tree: Tree, content: bytes) -> tuple[str, str] | None:
    """Front matter and body, each with empty lines in place of the other, so that lines count."""
    if len(content) > MAX_FILE_BYTES:
        tree.fault(None, f"the file is larger than {MAX_FILE_BYTES // 1024} KiB")
        return None
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as exc:
        tree.fault_at(content.count(b"\n", 0, exc.start) + 1, "the file is not UTF-8 text")
        return None
    ends = (n for n, line in enumerate(lines) if n and line.rstrip() == "---")
    end = next(ends, None)
    if end is None or not lines or lines[0].rstrip() != "---":
        tree.fault(None, "the front matter must stand between two lines of '---'")
        return None
    front = "\n".join(["", *lines[1:end]])
    return front, "\n".join([""] * (end + 1) + lines[end + 1 :])


def _check_steps(tree: Tree, node: Node, steps: Sequence[Step]) -> None:
    if not steps:
        tree.fault(node, "the text holds no fenced shell command")
    if len(steps) > _MAX_STEPS:
        tree.fault(node, f"a runbook has at most {_MAX_STEPS} steps, not {len(steps)}")


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Turns commands into steps.

    Attributes:
        found: Parameters that the text uses without declaring them; grows.
    """

    declared: tuple[Parameter, ...]
    found: dict[str, Parameter] = field(default_factory=dict[str, Parameter])

    def steps(self, read: Sequence[Command]) -> tuple[Step, ...]:
        return tuple(self._step(number, command) for number, command in enumerate(read, start=1))

    def _step(self, number: int, command: Command) -> Step:
        step_id, title = f"step-{number}", _inert(command.title) or f"Step {number}"
        if command.is_script:
            return _by_hand(step_id, title, command.text, "it is a script of several lines")
        if find(command.text):
            return _by_hand(step_id, title, command.text, "its double braces could mean two things")
        names = _names(command.text)
        for kind in (ParameterType.STRING, ParameterType.INTEGER):
            samples = {name: _sample(n, kind) for n, name in enumerate(names)}
            seen = classify(_sampled(command.text, samples))
            risk = RISK_OF_CLASS.get(seen.command_class)
            if risk is not None and seen.argv is not None:
                self._declare(names, kind, command)
                action = CommandAction(argv=_with_placeholders(seen.argv, samples))
                return Step(step_id=step_id, title=title, risk=risk, action=action)
        return _by_hand(step_id, title, command.text, _why(seen, samples))

    def _declare(self, names: Sequence[str], kind: ParameterType, command: Command) -> None:
        known = {parameter.name for parameter in self.declared}
        for name in names:
            if name not in known and name not in self.found:
                self.found[name] = Parameter(
                    name=name,
                    type=kind,
                    description=f"value of {name} in: {_inert(command.text)[:120]}",
                    pattern=_VALUE if kind is ParameterType.STRING else None,
                )


def _names(text: str) -> tuple[str, ...]:
    names: dict[str, None] = {}

    def note(word: str) -> str:
        names[_name(word)] = None
        return word

    fill_in(text, note)
    return tuple(names)


def _name(word: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")
    return f"{name}_value" if name in _TAKEN or not name[:1].isalpha() else name


def _sample(number: int, kind: ParameterType) -> str:
    return f"opsbotvalue{number}x" if kind is ParameterType.STRING else f"7070{number:02d}"


def _sampled(text: str, samples: Mapping[str, str]) -> str:
    return fill_in(text, lambda word: samples[_name(word)])


def _with_placeholders(argv: Sequence[str], samples: Mapping[str, str]) -> tuple[str, ...]:
    words = list(argv)
    for name, sample in samples.items():
        words = [word.replace(sample, f"{{{{ {name} }}}}") for word in words]
    return tuple(words)


def _inert(text: str) -> str:
    """A text for people, with double braces that look like our placeholders taken apart."""
    return _BRACES.sub(r"{ {\1} }", text)


def _by_hand(step_id: str, title: str, text: str, why: str) -> Step:
    shown = f"Not run by opsbot: {why}.\nDecide for yourself whether to do this by hand:\n{text}"
    action = ManualAction(instructions=_inert(shown))
    return Step(step_id=step_id, title=title, risk=Risk.MEDIUM, action=action)


def _why(seen: Classification, samples: Mapping[str, str]) -> str:
    if seen.command_class is not CommandClass.FORBIDDEN:
        return "it is a pipe of several programs"
    reason = seen.reason
    for name, sample in samples.items():
        reason = reason.replace(sample, f"<{name}>")
    return reason
