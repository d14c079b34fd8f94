from __future__ import annotations

from collections.abc import Iterator

from runbooks.commands.checks import CHECKS
from runbooks.commands.spec import CommandClass, Tool, tools


def _all(tool: Tool) -> Iterator[Tool]:
    yield tool
    for verb in tool.verbs.values():
        yield from _all(verb)


def test_every_check_that_the_data_names_exists() -> None:
    named = {check for tool in tools().values() for node in _all(tool) for check in node.checks}
    assert named == set(CHECKS)


def test_every_entry_has_a_class_or_a_way_to_one() -> None:
    for tool in tools().values():
        for node in _all(tool):
            assert node.command_class or node.verbs or node.command is not None, node.title


def test_what_is_refused_is_not_also_allowed_by_the_same_entry() -> None:
    for tool in tools().values():
        for node in _all(tool):
            allowed = node.flags | node.values | node.changing
            assert not {name for name in node.refuse if name in allowed}, node.title


def test_a_reader_that_takes_unknown_options_is_no_wrapper() -> None:
    for tool in tools().values():
        for node in _all(tool):
            assert not (node.lenient and node.command is not None), node.title


def test_a_filter_only_reads() -> None:
    for tool in tools().values():
        for node in _all(tool):
            if node.filter:
                assert node.command_class is CommandClass.READ_ONLY, node.title
