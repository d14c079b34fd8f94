"""A page of HTML as a tree of what people can see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ...errors import UnusableDocumentError

_MAX_DEPTH = 1000
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)[^<>]*?(/?)>")
# Elements without content, and those whose end tag may be left out without nesting deeper.
_FLAT = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "dt",
        "dd",
        "td",
        "th",
        "tr",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "optgroup",
        "colgroup",
        "html",
        "body",
        "head",
    ]
)
_UNSEEN_TAGS = frozenset(
    [
        "script",
        "style",
        "head",
        "template",
        "noscript",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "map",
        "button",
        "select",
        "input",
        "textarea",
        "datalist",
        "dialog",
        "nav",
        "title",
    ]
)
_UNSEEN_STYLE = re.compile(
    r"(?<![\w-])(?:display\s*:\s*none"
    r"|visibility\s*:\s*(?:hidden|collapse)"
    r"|opacity\s*:\s*0*(?:\.0*)?\s*(?:[;!]|$)"
    r"|font-size\s*:\s*(?:0*(?:\.0*)?(?:r?em|%)?|(?:0*\.\d+|[01](?:\.\d*)?)(?:px|pt)?)\s*(?:[;!]|$)"
    r"|(?:left|top|text-indent|right|margin-left)\s*:\s*-\d{3,}"
    r"|(?:max-)?(?:height|width)\s*:\s*0+(?:px|pt|r?em)?\s*(?:[;!]|$)"
    r"|clip\s*:\s*rect|color\s*:\s*transparent)",
    re.IGNORECASE,
)
_UNSEEN_CLASS = re.compile(
    r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text|hidden)(?:\s|$)", re.IGNORECASE
)
_RULE = re.compile(r"([^{}@]{1,300})\{([^{}]{1,2000})\}")
_BREAKING = frozenset(
    ["p", "div", "li", "ul", "ol", "br", "dd", "dt", "tr", "td", "th", "section", "blockquote"]
)
_MAX_RULES = 500
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE = re.compile(r"^[\w.#\-\s]+$")


def parse(html: str) -> LexborHTMLParser:
    """Read a page.

    Raises:
        UnusableDocumentError: Its tags are nested so deeply that reading it would not end in time.
    """
    if nesting(html) > _MAX_DEPTH:
        raise UnusableDocumentError(f"its tags are nested more than {_MAX_DEPTH} deep")
    return LexborHTMLParser(html)


def nesting(html: str) -> int:
    """About how deep the tags go, those never closed included."""
    depth = deepest = 0
    for match in _TAG.finditer(html):
        if match[2].lower() in _FLAT or match[3]:
            continue
        depth = max(depth - 1, 0) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def unseen_by_stylesheet(page: LexborHTMLParser) -> frozenset[int]:
    """Memory ids of the elements that the page's own style rules hide."""
    hidden: set[int] = set()
    for style in page.css("style"):
        rules = _CSS_COMMENT.sub("", style.text())
        if "@media" in rules:
            rules = rules[: rules.index("@media")]
        for rule in list(_RULE.finditer(rules))[:_MAX_RULES]:
            if _UNSEEN_STYLE.search(rule[2]):
                hidden.update(node.mem_id for node in _selected(page, rule[1]))
    return frozenset(hidden)


def _selected(page: LexborHTMLParser, selectors: str) -> Iterator[LexborNode]:
    for selector in selectors.split(","):
        if _SIMPLE.match(selector.strip() or "*"):
            yield from page.css(selector.strip())


def is_seen(node: LexborNode, hidden: frozenset[int]) -> bool:
    """Whether people see an element when the page is opened."""
    if node.tag in _UNSEEN_TAGS or node.mem_id in hidden:
        return False
    attributes = node.attributes
    if "hidden" in attributes or attributes.get("type") == "hidden":
        return False
    if _UNSEEN_CLASS.search(attributes.get("class") or ""):
        return False
    return not _UNSEEN_STYLE.search(attributes.get("style") or "")


def walk(
    root: LexborNode, enter: Callable[[LexborNode], bool], leave: Callable[[LexborNode], None]
) -> None:
    """Visit a tree in the order of its text, without recursion.

    Args:
        enter: Called where a node begins; whether what is inside is to be visited.
        leave: Called where a node ends that was entered so.
    """
    node = root
    while True:
        is_entered = enter(node)
        inner = node.child if is_entered else None
        if inner is not None:
            node = inner
            continue
        if is_entered:
            leave(node)
        while node.mem_id != root.mem_id and node.next is None and node.parent is not None:
            node = node.parent
            leave(node)
        following = node.next
        if node.mem_id == root.mem_id or following is None:
            return
        node = following


def seen_text(
    root: LexborNode, hidden: frozenset[int], *, mark: str = "", between: str = ""
) -> str:
    """The text people see in an element, its blanks kept.

    Args:
        mark: Put around what is code.
        between: Put around every element that is not code, so that words stay apart.
    """
    parts: list[str] = []

    def enter(node: LexborNode) -> bool:
        if node.is_text_node:
            parts.append(node.text_content or "")
            return False
        if not node.is_element_node or not is_seen(node, hidden):
            return False
        parts.append("\n" if node.tag == "br" else mark if node.tag == "code" else _apart(node))
        return True

    def leave(node: LexborNode) -> None:
        parts.append(mark if node.tag == "code" else _apart(node))

    def _apart(node: LexborNode) -> str:
        return between if node.tag in _BREAKING else ""

    walk(root, enter, leave)
    return "".join(parts)
