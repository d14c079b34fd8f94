"""Concrete values of a request, and which of them a snippet's placeholders take.

A value is only ever copied: what cannot be told for sure stays as the snippet's example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ..languages import Language
from .entry import SLOT, Snippet
from .words import content_words, is_chinese

# The first shape that fits is a value's shape; the order is from the special to the general.
_SHAPES: tuple[tuple[str, str], ...] = (
    ("url", r"https?://[^\s\"'`,;]*[\w/]"),
    ("address", r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?::\d+)?"),
    ("glob", r"[\w./-]*\*[\w.*/-]*"),
    ("path", r"~?\.{0,2}/[\w.@+/-]*[\w/]"),
    ("time", r"(?:[01]?\d|2[0-3]):[0-5]\d"),
    ("span", r"\d+(?:\.\d+)?(?:ms|[smhdw])"),
    ("size", r"\d+(?:\.\d+)?(?:[kKMGT]i?B?)"),
    ("share", r"\d+(?:\.\d+)?%"),
    ("number", r"\d+(?:\.\d+)?"),
    ("dotted", r"[A-Za-z][\w-]*(?:\.[\w-]+)+(?::\d+)?(?:/[\w.-]+)?"),
    ("image", r"[a-z][\w./-]*:[\w.-]+"),
    ("name", r"[A-Za-z]\w*(?:[-_]\w+)+|[A-Z][A-Z0-9]+"),
)
_PATTERNS = tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _SHAPES)
_QUOTED = re.compile(
    r"\"([^\"\n]+)\"|'([^'\n]+)'|`([^`\n]+)`|„([^“”\n]+)[“”]|“([^”\n]+)”|「([^」\n]+)」"
)
_WORD = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_EDGE = r"(?<![\w./:%-])(?:{})(?![\w%-]|[./:]\w)"
_BOUNDED = tuple((name, re.compile(_EDGE.format(pattern), re.ASCII)) for name, pattern in _SHAPES)
_N_LEADING_WORDS = 2
# What could end a string or begin a command where it is copied to stays outside.
_HARMLESS = re.compile(r"[\w./:@%+*?=,~ -]+")
# In a word's place stand names, quoted texts and plain words alike.
_BEFORE_NAMES = frozenset(
    [
        "of",
        "for",
        "from",
        "in",
        "on",
        "by",
        "named",
        "called",
        "app",
        "service",
        "von",
        "für",
        "aus",
    ]
)
_NOT_BEFORE_NAMES = frozenset(
    ["a", "an", "every", "each", "per", "and", "or", "it", "is", "are", "that", "which"]
)
_EMPTY_AFTER = frozenset(
    [
        "and",
        "or",
        "to",
        "of",
        "in",
        "on",
        "for",
        "from",
        "at",
        "by",
        "with",
        "the",
        "a",
        "is",
        "are",
    ]
)
_WORDLIKE = frozenset({"word", "name", "dotted", "image", "quoted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """Something concrete that a request says.

    Attributes:
        shape: What it looks like: "path", "number", "quoted", ...
        at: Where it begins in the request.
    """

    text: str
    shape: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What of a request went into a snippet.

    Attributes:
        values: By placeholder, copied from the request.
        rest: Words and values of the request that neither a placeholder nor the snippet knows.
    """

    values: Mapping[str, str]
    rest: tuple[str, ...]


def shape_of(text: str) -> str:
    """What a value looks like; "word" when like nothing special."""
    for name, pattern in _PATTERNS:
        if pattern.fullmatch(text):
            return name
    return "word" if _WORD.fullmatch(text) else "quoted"


@lru_cache(maxsize=256)
def values_in(text: str, language: Language | None = None) -> tuple[Value, ...]:
    """Everything concrete in a request, in its order, each piece once.

    Args:
        language: The one that the request asks for, whose name is no value.
    """
    found: list[Value] = []
    covered = [False] * len(text)
    for match in _QUOTED.finditer(text):
        inner = next(group for group in match.groups() if group)
        found.append(Value(text=inner, shape=shape_of(inner), at=match.start()))
        covered[match.start() : match.end()] = [True] * (match.end() - match.start())
    for name, pattern in _BOUNDED:
        for match in pattern.finditer(text):
            empty = name == "name" and not content_words(match.group(), language)
            if not empty and not any(covered[match.start() : match.end()]):
                found.append(Value(text=match.group(), shape=name, at=match.start()))
                covered[match.start() : match.end()] = [True] * len(match.group())
    return tuple(sorted(found, key=lambda value: value.at))


def fill(snippet: Snippet, request: str) -> Filling:
    """Give values of the request to a snippet's placeholders, where it is plain which goes where."""
    found = _from_phrasing(snippet, request) or _by_shape(snippet, request)
    taken = {name: text for name, text in found.items() if _HARMLESS.fullmatch(text)}
    return Filling(values=taken, rest=_rest(snippet, request, taken))


def _from_phrasing(snippet: Snippet, request: str) -> dict[str, str]:
    """The values when the request is one of the phrasings: of the one that says the most."""
    best: dict[str, str] = {}
    folded = " ".join(request.casefold().split())
    for ask in snippet.ask:
        if not SLOT.search(ask) or not _may_be(ask, folded):
            continue
        match = re.search(_phrasing(ask), request, re.IGNORECASE)
        if match and len(match.groupdict()) > len(best):
            best = {name: text.strip("\"'`,") for name, text in match.groupdict().items()}
    return best


def _may_be(ask: str, folded: str) -> bool:
    """Whether what stands after the first slot is in the request: spares most of the compiling."""
    pieces = " ".join(ask.casefold().split())
    return all(piece.strip() in folded for piece in SLOT.split(pieces)[2::2])


@cache
def _phrasing(ask: str) -> str:
    """An expression for requests that end with a phrasing, with a group for every slot."""
    chinese = is_chinese(ask)
    gap, value = (r"\s*", r"[\w./:@*%+-]+?") if chinese else (r"\s+", r"\S+")
    pieces = [re.escape(re.sub(r"\s+", " ", piece)) for piece in SLOT.split(ask)[::2]]
    # "find the ... of <<x>>" may be asked without its first words; what is lost is seen elsewhere.
    pattern = r"\ ".join(pieces[0].split(r"\ ")[-_N_LEADING_WORDS - 1 :])
    for name, piece in zip(SLOT.findall(ask), pieces[1:], strict=True):
        again = f"(?P<{name}>" in pattern
        pattern += (f"(?P={name})" if again else f"(?P<{name}>{value})") + piece
    start = "" if chinese else r"(?:^|\W)"
    return start + pattern.replace(r"\ ", gap) + r"[\s.?!。\uff1f]*$"


def _by_shape(snippet: Snippet, request: str) -> dict[str, str]:
    values = values_in(request, snippet.language)
    taken: dict[str, str] = {}
    wanted: dict[str, list[str]] = {}
    for name, example in snippet.placeholders.items():
        shape = shape_of(example)
        wanted.setdefault("word" if shape in _WORDLIKE else shape, []).append(name)
    for shape, names in wanted.items():
        fitting = _words_for(snippet, request, values) if shape == "word" else _of(values, shape)
        if shape == "number":
            fitting = [text for text in fitting if _counts_the_same(snippet, request, text)]
        for name in names:
            beside = _beside(name, request, fitting)
            if beside is not None and beside not in taken.values():
                taken[name] = beside
        free = [text for text in fitting if text not in taken.values()]
        left = [name for name in names if name not in taken]
        if len(free) == len(left) == 1:
            taken[left[0]] = free[0]
    return taken


def _of(values: Sequence[Value], shape: str) -> list[str]:
    return list(dict.fromkeys(value.text for value in values if value.shape == shape))


def _words_for(snippet: Snippet, request: str, values: Sequence[Value]) -> list[str]:
    """Names and quoted texts of the request, and the plain words that stand where a value does."""
    known = _vocabulary(snippet)
    found = [value.text for value in values if value.shape in _WORDLIKE]
    inside = " ".join(value.text for value in values)
    for match in _WORD.finditer(request):
        stems = content_words(match.group(), snippet.language)
        if not stems or match.group() in inside or set(stems) & known:
            continue
        if _stands_for_a_value(snippet, request[: match.start()], request[match.end() :]):
            found.append(match.group())
    return list(dict.fromkeys(found))


def _stands_for_a_value(snippet: Snippet, before: str, after: str) -> bool:
    """Whether a word's neighbours are those of a value: "of checkout", "the web hosts"."""
    leading, following = _neighbours(snippet.ask, tuple(snippet.placeholders))
    words_before = re.findall(r"[\w-]+", before.casefold())
    words_after = re.findall(r"[\w-]+", after.casefold())
    last = words_before[-1] if words_before else ""
    if is_chinese(before[-1:]) or is_chinese(after[:1]) or last in leading:
        return True
    return last not in _NOT_BEFORE_NAMES and words_after[:1] != [] and words_after[0] in following


def _counts_the_same(snippet: Snippet, request: str, number: str) -> bool:
    """Whether what a number counts is what the snippet's numbers count: "5 pods" is no "5 cpu"."""
    match = re.search(rf"([\w-]+)?\s*(?<![\w.]){re.escape(number)}\s+([\w-]+)", request)
    if match is None or not content_words(match[2], snippet.language):
        return True
    _, following = _neighbours(snippet.ask, tuple(snippet.placeholders))
    names = {part for name in snippet.placeholders for part in name.split("_")}
    return match[2].casefold() in following or (match[1] or "").casefold() in names


@cache
def _neighbours(
    asks: tuple[str, ...], names: tuple[str, ...]
) -> tuple[frozenset[str], frozenset[str]]:
    """Words that come before a value, in the phrasings or anywhere, and words that come after."""
    leading, following = set(_BEFORE_NAMES), set[str]()
    for ask in asks:
        leading.update(word.casefold() for word in re.findall(r"([\w-]+)\s+<<", ask))
        following.update(word.casefold() for word in re.findall(r">>\s+([\w-]+)", ask))
    labels = {part.casefold() for name in names for part in (name, name.rpartition("_")[2])}
    labels |= {f"{label}s" for label in labels}
    return (
        frozenset((leading | labels) - _NOT_BEFORE_NAMES),
        frozenset((following | labels) - _EMPTY_AFTER),
    )


def _beside(name: str, request: str, fitting: Sequence[str]) -> str | None:
    """The value that stands beside the placeholder's own name: "namespace payments"."""
    label = re.escape(name.rpartition("_")[2])
    if not re.search(rf"\b{label}\b", request, re.IGNORECASE):
        return None
    for text in fitting:
        value = re.escape(text)
        before = rf"\b{label}\s+(?:is|of|named|called|=)?\s*[\"'`]?{value}(?![\w-])"
        after = rf"(?<![\w-]){value}[\"'`]?\s+{label}\b"
        if re.search(f"{before}|{after}", request, re.IGNORECASE):
            return text
    return None


def _vocabulary(snippet: Snippet) -> frozenset[str]:
    return _words_of(snippet.ask, tuple(snippet.placeholders), snippet.language)


@cache
def _words_of(asks: tuple[str, ...], names: tuple[str, ...], language: Language) -> frozenset[str]:
    words = [SLOT.sub(" ", ask) for ask in asks]
    return frozenset(content_words(" ".join([*words, *names]), language))


def _rest(snippet: Snippet, request: str, taken: Mapping[str, str]) -> tuple[str, ...]:
    known = _vocabulary(snippet)
    used = set(taken.values())
    asks = " ".join(snippet.ask)
    left = [
        value.text
        for value in values_in(request, snippet.language)
        if value.text not in used and not _stands_in(value.text, f"{asks}\n{snippet.code}")
    ]
    bare = request
    for text in (*used, *left):
        bare = bare.replace(text, " ")
    return (*left, *(word for word in content_words(bare, snippet.language) if word not in known))


def _stands_in(value: str, text: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", text) is not None
