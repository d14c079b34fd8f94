"""Ansible playbooks and task lists: their structure, and modules by what Ansible itself declares.

Nothing of Ansible is run or imported: `ansible-playbook --syntax-check` evaluates templates of
imported files, so a module's own documentation is read as text instead.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import cast

from ..verdict import Verdict
from .ansible_options import modules_folder, options_of
from .ansible_words import BUILTIN_MODULES, FREE_FORM, PLAY_WORDS, TASK_WORDS
from .yaml_document import load_all

_TOOL = "the playbook reader"
_BLOCKS = ("block", "rescue", "always")
_TASK_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers")
_BRACES = re.compile(r"\{\{(?:(?!\}\}|\{\{).)*\}\}", re.DOTALL)

Fields = dict[object, object]


async def check(code: str) -> Verdict:
    """Read plays or tasks; unknown words, modules and missing arguments are problems."""
    documents, problem = load_all(code)
    if problem:
        return Verdict(tool="PyYAML", problem=problem)
    found = await asyncio.to_thread(_problems, documents)
    if found:
        return Verdict(tool=_TOOL, problem="; ".join(found[:2]))
    modules = sorted({name for task in tasks(documents) if (name := module_of(task))})
    foreign = [name for name in modules if short_name(name) not in BUILTIN_MODULES]
    own = [name for name in modules if name not in foreign]
    read = modules_folder() is not None and bool(own)
    left = [f"the arguments of {', '.join(foreign)}: no collection is installed here"] * bool(
        foreign
    )
    if own and not read:
        left.append("the modules' arguments: ansible-core is not installed")
    arguments = (f"arguments are declared by {', '.join(own)}",) if read else ()
    return Verdict(
        tool=_TOOL,
        checked=("plays, tasks and module names read", *arguments),
        unchecked=(*left, "variables, and hosts of the inventory"),
    )


def tasks(documents: list[object]) -> Iterator[Fields]:
    """Every task of plays and task lists, also those in blocks."""
    for document in documents:
        items = cast("list[object]", document) if isinstance(document, list) else [document]
        for item in items:
            if isinstance(item, dict):
                yield from _tasks_of(cast("Fields", item))


def _tasks_of(item: Fields) -> Iterator[Fields]:
    lists = [name for name in (*_TASK_LISTS, *_BLOCKS) if isinstance(item.get(name), list)]
    if not lists and "hosts" not in item and "import_playbook" not in item:
        yield item
    for name in lists:
        yield from tasks([item[name]])


def module_of(task: Fields) -> str:
    """The name of the module that a task uses; empty when it uses none or several."""
    names = [str(key) for key in task if str(key) not in TASK_WORDS and not _is_loop(str(key))]
    return names[0] if len(names) == 1 else ""


def short_name(module: str) -> str:
    """A module without the name of Ansible's own collections."""
    return re.sub(r"^ansible\.(builtin|legacy)\.", "", module)


def arguments(task: Fields) -> dict[str, object]:
    """A module's arguments, also from the `key=value` form."""
    given = task.get(module_of(task))
    if isinstance(given, dict):
        return {str(key): value for key, value in cast("Fields", given).items()}
    if isinstance(given, str):
        words = _BRACES.sub("x", given).split() if "{{" in given else given.split()
        pairs = [word.split("=", 1) for word in words if re.match(r"\w+=", word)]
        return {key: value for key, value in pairs}  # noqa: C416 - the values are objects
    return {}


def _is_loop(name: str) -> bool:
    return name.startswith("with_")


def _problems(documents: list[object]) -> list[str]:
    if not all(isinstance(document, list) for document in documents):
        return ["a playbook is a list of plays, a task file a list of tasks"]
    found: list[str] = []
    for item in (item for d in documents for item in cast("list[object]", d)):
        if not isinstance(item, dict):
            found.append("a play or task must be a mapping")
        elif "hosts" in item:
            fields = cast("Fields", item)
            unknown = [str(key) for key in fields if str(key) not in PLAY_WORDS]
            found.extend(f"{key} is no keyword of a play" for key in unknown)
        elif any(name in item for name in _TASK_LISTS):
            found.append("a play needs hosts")
    return found or [p for task in tasks(documents) for p in _task_problems(task)]


def _task_problems(task: Fields) -> list[str]:
    if "import_playbook" in task or "ansible.builtin.import_playbook" in task:
        return []
    title = str(task.get("name", "a task"))
    names = [str(key) for key in task if str(key) not in TASK_WORDS and not _is_loop(str(key))]
    if len(names) != 1:
        said = f"has {' and '.join(names)}" if names else "has none"
        return [f"{title}: a task uses one module, this one {said}"]
    short = short_name(names[0])
    if short not in BUILTIN_MODULES:
        return [] if "." in names[0] else [f"{title}: {short} is no module of Ansible itself"]
    return [f"{title}: {problem}" for problem in _argument_problems(short, task)]


def _argument_problems(module: str, task: Fields) -> list[str]:
    options = options_of(module)
    given = arguments(task)
    if not options or module in FREE_FORM or "args" in task:
        return []
    known = {name for own, option in options.items() for name in _names(own, option)}
    found = [f"{name} is no argument of {module}" for name in given if name not in known]
    for own, option in options.items():
        due = option.get("required") is True
        if due and given and not any(name in given for name in _names(own, option)):
            found.append(f"{module} needs {own}")
        found.extend(_choice_problems(module, own, option, given))
    return found


def _names(own: str, option: Mapping[str, object]) -> tuple[str, ...]:
    return (own, *cast("list[str]", option.get("aliases") or []))


def _choice_problems(
    module: str, own: str, option: Mapping[str, object], given: Mapping[str, object]
) -> list[str]:
    value, choices = given.get(own), option.get("choices")
    if not isinstance(value, str) or not choices or "{{" in value:
        return []
    allowed = [str(each) for each in cast("list[object]", choices)]
    return [] if value in allowed else [f"{own} of {module} is one of {', '.join(allowed)}"]
