"""LogQL, parsed by recursive descent into a tree in which writings that mean the same are equal."""

from __future__ import annotations

from dataclasses import dataclass

from .logql_stages import Stages, Words

_UNWRAPPED_NAMES = """
sum_over_time avg_over_time min_over_time max_over_time stddev_over_time stdvar_over_time
quantile_over_time first_over_time last_over_time rate_counter
"""
_UNWRAPPED = frozenset(_UNWRAPPED_NAMES.split())
_COUNTING = frozenset(
    {"rate", "count_over_time", "bytes_rate", "bytes_over_time", "absent_over_time"}
)
_VECTOR_NAMES = "sum avg min max count stddev stdvar topk bottomk sort sort_desc"
_VECTOR = frozenset(_VECTOR_NAMES.split())
_WITH_NUMBER = frozenset({"topk", "bottomk"})
_LEVELS = (
    ("or",),
    ("and", "unless"),
    ("==", "!=", ">", ">=", "<", "<="),
    ("+", "-"),
    ("*", "/", "%"),
    ("^",),
)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a query: what it is, and what it is made of in the order that matters."""

    kind: str
    parts: tuple[Node | str, ...] = ()


def parse(code: str) -> Node:
    """The tree of a query, of log lines or of a metric.

    Raises:
        ValueError: It is not LogQL; the message says where.
    """
    words = Words.of(code)
    if words.peek.kind == "end":
        raise ValueError("there is no query")
    tree = _log_query(words) if words.peek.text == "{" else _operation(words, 0)
    if words.peek.kind != "end":
        raise words.fault(f"{words.peek.text!r} does not belong here")
    return tree


def _log_query(words: Words) -> Node:
    matchers, stages = Stages(words).selection()
    return _log_node(matchers, stages)


def _log_node(matchers: tuple[str, ...], stages: tuple[str, ...]) -> Node:
    return Node("logs", (Node("select", matchers), *stages))


def _operation(words: Words, level: int) -> Node:
    if level == len(_LEVELS):
        return _operand(words)
    left = _operation(words, level + 1)
    while words.peek.text in _LEVELS[level]:
        sign = words.take().text
        modifiers = _modifiers(words)
        right = _operation(words, level + 1)
        left = Node("operation", (sign, *modifiers, left, right))
    return left


def _modifiers(words: Words) -> tuple[str, ...]:
    found: list[str] = []
    if words.peek.text == "bool":
        found.append(words.take().text)
    while words.peek.text in {"on", "ignoring", "group_left", "group_right"}:
        found.append(f"{words.take().text}({','.join(_labels(words))})")
    return tuple(found)


def _operand(words: Words) -> Node:
    word = words.peek
    if word.text == "(":
        words.take()
        inner = _log_query(words) if words.peek.text == "{" else _operation(words, 0)
        words.expect(")")
        return inner
    if word.kind == "number" or word.text in {"-", "+"}:
        sign = words.take().text if word.text in {"-", "+"} else ""
        return Node("number", (f"{sign}{float(words.expect_kind('number').text):g}",))
    name = words.expect_kind("name").text
    if name in _VECTOR:
        return _aggregation(words, name)
    if name in _COUNTING | _UNWRAPPED:
        return _range(words, name)
    if name in {"label_replace", "vector"}:
        return _call(words, name)
    raise words.fault(f"{name} is no function of LogQL", word)


def _aggregation(words: Words, name: str) -> Node:
    grouping = _grouping(words)
    words.expect("(")
    count = ""
    if name in _WITH_NUMBER:
        count = words.expect_kind("number").text
        words.expect(",")
    inner = _operation(words, 0)
    words.expect(")")
    return Node(name, (grouping or _grouping(words), count, inner))


def _range(words: Words, name: str) -> Node:
    words.expect("(")
    share = ""
    if name == "quantile_over_time":
        share = words.expect_kind("number").text
        words.expect(",")
    wrapped = words.peek.text == "("
    if wrapped:
        words.take()
    stages = Stages(words)
    matchers, found = stages.selection()
    if wrapped:
        words.expect(")")
        stages.range_if_any()
    words.expect(")")
    if not stages.range_text:
        raise words.fault(f"{name}() needs a range such as [5m]")
    unwraps = any(stage.startswith("unwrap ") for stage in found)
    if name in _UNWRAPPED and not unwraps:
        raise words.fault(f"{name}() needs `| unwrap label`")
    if unwraps and name not in _UNWRAPPED | {"rate", "absent_over_time"}:
        raise words.fault(f"{name}() counts lines and takes no unwrap")
    grouping = _grouping(words)
    return Node(name, (grouping, share, stages.range_text, _log_node(matchers, found)))


def _call(words: Words, name: str) -> Node:
    words.expect("(")
    parts: list[Node | str] = [_operation(words, 0)]
    while words.peek.text == ",":
        words.take()
        parts.append(words.expect_kind("string").text[1:-1])
    words.expect(")")
    if name == "label_replace" and len(parts) != 5:
        raise words.fault("label_replace() takes a query and four strings")
    return Node(name, tuple(parts))


def _grouping(words: Words) -> str:
    if words.peek.text not in {"by", "without"}:
        return ""
    return f"{words.take().text}({','.join(sorted(_labels(words)))})"


def _labels(words: Words) -> list[str]:
    if not words.take_if("("):
        return []
    found: list[str] = []
    while not words.take_if(")"):
        found.append(words.expect_kind("name").text)
        if words.peek.text != ")":
            words.expect(",")
    return found
