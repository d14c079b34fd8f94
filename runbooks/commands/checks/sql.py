"""SQL texts, token by token: what begins a statement, what it calls, which tables it names.

Any function, statement or spelling that is not on a list is refused; so are comments, backslashes
and dollar quotes, which databases read in different ways.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import yaml

from ..invocation import Invocation
from .finding import Finding, change, forbidden, worst

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<string>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")*\"|`[^`]*`)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9][0-9.]*)|(?P<sign>[-+*/<>=~!@%^&|?:;,.()\[\]{}])"
)
_DESCRIBE = re.compile(r"\\(d[A-Za-z]*[S+]*|l\+?|conninfo|dt\+?|encoding)(\s+[A-Za-z0-9_.*?]+)?\s*")
_SETTING = re.compile(
    r"ON_ERROR_STOP=(on|off|0|1)|pager(=off)?|footer=off|border=[0-3]|null=[A-Za-z-]*"
    r"|(format|linestyle)=[a-z-]+|(expanded|tuples_only)(=(on|off|auto))?"
)
_LAST_SEND = re.compile(r"\\[gG]\s*$")
_CONNECTION_SECRET = re.compile(
    r"password|passfile|sslkey|sslpassword|service_?file|://[^@/]*:[^@/]*@", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: str
    text: str  # lower case; strings and quoted names without their quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    read: frozenset[str]
    change: frozenset[str]
    drop: frozenset[str]
    create: frozenset[str]
    no_calls: frozenset[str]
    safe_functions: frozenset[str]
    changing_functions: frozenset[str]
    secret_names: re.Pattern[str]
    settings: re.Pattern[str]


@cache
def _rules() -> _Rules:
    text = files("runbooks.commands").joinpath("sql.yaml").read_text(encoding="utf-8")
    data: Mapping[str, str] = yaml.safe_load(text)
    return _Rules(
        read=frozenset(data["read"].split()),
        change=frozenset(data["change"].split()),
        drop=frozenset(data["drop"].split()),
        create=frozenset(data["create"].split()),
        no_calls=frozenset(data["no_calls"].split()),
        safe_functions=frozenset(data["safe_functions"].split()),
        changing_functions=frozenset(data["changing_functions"].split()),
        secret_names=re.compile(data["secret_names"].replace(" ", "")),
        settings=re.compile(data["settings"].replace(" ", "")),
    )


def check(invocation: Invocation) -> Finding | None:
    """Judge the statements given with `-c` or `-e`; without any the tool would be interactive."""
    texts = invocation.values("-c", "--command", "-e", "--execute")
    listing = invocation.has("-l", "--list")
    if not texts and not listing:
        return forbidden(f"{invocation.tool.title} without a statement is interactive")
    settings = invocation.values("-v", "--set", "--variable", "-P", "--pset")
    if any(not _SETTING.fullmatch(setting) for setting in settings):
        return forbidden("psql sets a variable that may run a program")
    places = (*invocation.operands, *invocation.values("-d", "--dbname", "-h", "--host"))
    if any(_CONNECTION_SECRET.search(place) for place in places):
        return forbidden("the connection string names a password or key")
    return worst([finding for text in texts if (finding := judge(text)) is not None])


def sqlite(invocation: Invocation) -> Finding | None:
    """Judge sqlite3's statement, its second operand."""
    statements = invocation.operands[1:]
    if not statements:
        return forbidden("sqlite3 without a statement is interactive")
    return worst([finding for text in statements if (finding := judge(text)) is not None])


def judge(text: str) -> Finding | None:
    """Judge one text of one or more statements; None when all of them only read."""
    if _DESCRIBE.fullmatch(text):
        return None
    tokens = _tokens(_LAST_SEND.sub("", text))
    if tokens is None:
        return forbidden("the SQL holds a comment, a backslash or another thing not understood")
    statements = _statements(tokens)
    if not statements:
        return forbidden("the SQL holds no statement")
    return worst([found for statement in statements if (found := _statement(statement))])


def judge_one(statement: str) -> Finding | None:
    """Judge a text that must be one statement, with `:name` for bound values."""
    tokens = _tokens(statement)
    if tokens is not None and len(_statements(tokens)) > 1:
        return forbidden("the SQL holds more than one statement")
    if _DESCRIBE.fullmatch(statement) or _LAST_SEND.search(statement):
        return forbidden("the SQL holds a command of a terminal")
    return judge(statement)


def _tokens(text: str) -> list[_Token] | None:
    if "--" in text or "/*" in text or "\\" in text or "$" in text or "#" in text:
        return None
    tokens: list[_Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            return None
        if match.lastgroup != "space":
            kind = match.lastgroup
            inner = match.group()[1:-1] if kind in {"string", "quoted"} else match.group()
            tokens.append(_Token(kind=kind, text=inner.lower()))
        place = match.end()
    return tokens


def _statements(tokens: list[_Token]) -> list[list[_Token]]:
    statements: list[list[_Token]] = [[]]
    for token in tokens:
        if token.kind == "sign" and token.text == ";":
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def _statement(tokens: list[_Token]) -> Finding | None:
    rules = _rules()
    words = [token.text for token in tokens if token.kind == "word"]
    first = tokens[0].text if tokens[0].kind == "word" else ""
    findings = [_calls(tokens), _names(tokens), _parts(words), _condition(tokens)]
    if first in {"set", "alter", "drop", "create", "delete", "update", "explain", "show", "start"}:
        findings.append(_SPECIAL[first](words))
    elif first in rules.change:
        findings.append(change(f"SQL {first} changes something"))
    elif first == "copy":
        findings.append(_copy(tokens))
    elif first not in rules.read:
        findings.append(forbidden(f"SQL {first or tokens[0].text!r} is not a known statement"))
    return worst([finding for finding in findings if finding is not None])


def _calls(tokens: list[_Token]) -> Finding | None:
    rules = _rules()
    found: list[Finding] = []
    for token, following in itertools.pairwise(tokens):
        if (
            following.text != "("
            or following.kind != "sign"
            or token.kind not in {"word", "quoted"}
        ):
            continue
        if token.kind == "word" and token.text in rules.no_calls | rules.safe_functions:
            continue
        if token.kind == "word" and token.text in rules.changing_functions:
            found.append(change(f"SQL function {token.text} has a side effect"))
        elif _is_target(tokens, token):
            continue
        else:
            found.append(forbidden(f"SQL function {token.text!r} is not known to be harmless"))
    return worst(found)


def _is_target(tokens: list[_Token], token: _Token) -> bool:
    """Whether a name before `(` is a table with its columns, not a function."""
    place = next(index for index, item in enumerate(tokens) if item is token)
    before = tokens[place - 1].text if place else ""
    match tokens[0].text:
        case "insert" | "replace":
            return before == "into"
        case "with":
            return place == 1 or (place == 2 and before == "recursive")
        case "create":
            is_index = any(item.text == "index" for item in tokens[1:3])
            return before in {"table", "exists", "view"} or (is_index and before == "on")
        case _:
            return False


def _names(tokens: list[_Token]) -> Finding | None:
    pattern = _rules().secret_names
    for token in tokens:
        if "conninfo" in token.text or (token.kind != "string" and pattern.search(token.text)):
            return forbidden(f"SQL names {token.text!r}, which may hold credentials")
    return None


def _parts(words: list[str]) -> Finding | None:
    """Parts that make a reader into more, wherever they stand."""
    first, later = words[:1], set(words[1:])
    if {"outfile", "dumpfile", "program", "uescape"} & set(words) or (
        first == ["vacuum"] and "into" in later
    ):
        return forbidden("SQL writes a file, runs a program or hides a name")
    runs = first == ["with"] or (first == ["explain"] and "analyze" in later)
    if runs and {"delete", "update"} & later and "where" not in later:
        return forbidden("SQL touches every row")
    writes = {"into", "insert", "update", "delete", "merge", "lock"} & later
    if writes and not _rules().read.isdisjoint(first):
        return change("SQL reads and also writes or locks")
    return None


def _condition(tokens: list[_Token]) -> Finding | None:
    """A condition that compares no column holds for every row."""
    place = next((n for n, token in enumerate(tokens) if token.text == "where"), len(tokens))
    names = {"word", "quoted"}
    compared = {token.text for token in tokens[place + 1 :] if token.kind in names}
    writes = tokens[0].text in {"delete", "update"} and place < len(tokens)
    if writes and compared <= {"true", "not", "false", "and", "or", "null", "is", "returning"}:
        return forbidden(f"SQL {tokens[0].text} where nothing is compared touches every row")
    return None


def _set(words: list[str]) -> Finding | None:
    if {"role", "authorization", "password"} & set(words):
        return forbidden("SQL changes the user it runs as, or a password")
    if {"global", "persist", "persist_only"} & set(words):
        return _setting(words)
    return None


def _setting(words: list[str]) -> Finding:
    if any(_rules().settings.fullmatch(word) for word in words):
        return change("SQL changes a server setting")
    return forbidden("SQL changes a server setting that is not known to be harmless")


def _alter(words: list[str]) -> Finding:
    kind = words[1] if len(words) > 1 else ""
    if kind == "system":
        return _setting(words[2:])
    if kind in _rules().create and "owner" not in words and "rename" not in words:
        return change(f"SQL alter {kind} changes something")
    return forbidden(f"SQL alter {kind} may change who may do what")


def _drop(words: list[str]) -> Finding:
    kind = words[1] if len(words) > 1 else ""
    if kind in _rules().drop and "cascade" not in words:
        return change(f"SQL drop {kind} changes something")
    return forbidden(f"SQL drop {kind} destroys data or accounts")


def _create(words: list[str]) -> Finding:
    skipped = {"or", "replace", "unique", "temp", "temporary", "unlogged", "recursive"}
    kind = next((word for word in words[1:] if word not in skipped), "")
    if kind in _rules().create:
        return change(f"SQL create {kind} changes something")
    return forbidden(f"SQL create {kind} may bring in code or accounts")


def _rows(words: list[str]) -> Finding:
    if "where" not in words:
        return forbidden(f"SQL {words[0]} without where touches every row")
    return change(f"SQL {words[0]} changes rows")


def _explain(words: list[str]) -> Finding | None:
    rest = [word for word in words[1:] if word not in {"analyze", "verbose", "buffers", "format"}]
    writes = {"insert", "update", "delete", "merge", "create", "refresh", "execute", "declare"}
    if "analyze" in words and writes & set(rest):
        return change("SQL explain analyze runs the statement")
    return None


def _show(words: list[str]) -> Finding | None:
    if {"grants", "password"} & set(words) or words[1:3] == ["create", "user"]:
        return forbidden("SQL shows what accounts hold")
    return None


def _start(words: list[str]) -> Finding | None:
    return None if words[1:2] == ["transaction"] else change("SQL start changes replication")


def _copy(tokens: list[_Token]) -> Finding | None:
    """Only `copy ... to stdout` reads; `to` and `from` count outside of parentheses."""
    depth = 0
    for token, following in pairwise(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0 and token.kind == "word" and token.text in {"to", "from"}:
            ends_well = following.kind == "word" and following.text == "stdout"
            return None if token.text == "to" and ends_well else forbidden("SQL copies a file")
    return forbidden("SQL copy reads or writes a file")


_SPECIAL = {
    "set": _set,
    "alter": _alter,
    "drop": _drop,
    "create": _create,
    "delete": _rows,
    "update": _rows,
    "explain": _explain,
    "show": _show,
    "start": _start,
}
