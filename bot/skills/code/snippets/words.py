"""The words of a request that say something, stemmed; Chinese as pairs of characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Protocol, cast

import snowballstemmer  # pyright: ignore[reportMissingTypeStubs]

from ..languages import Language

_WORD = re.compile(r"[a-zäöüß][a-zäöüß0-9]*|[0-9]+|[\u4e00-\u9fff]+", re.IGNORECASE)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Words without which a request says the same; the language is known when a snippet is sought.
_EMPTY = """
a an the this that these those it its i me my we us our you your he she they them and or of to for
in on at by from with as is are be was were do does did have has had can could will would should
may please write give show make create build generate need want get help how what which when where
there here some any one me let s t then so into using use each all every
who whose list print display per use uses codes
script command line query snippet code function file config configuration expression statement
unit example liner
ein eine einen einem einer der die das den dem des und oder von zu für in im am an auf mit als ist
sind wie was welche bitte schreib schreibe zeig zeige gib mir ich wir brauche möchte ausdruck
befehl skript abfrage datei alle jede jeder jeden
"""
# Words that mean the same where code is asked for.
_SAME = {
    "bigger": "larger",
    "greater": "larger",
    "biggest": "largest",
    "big": "large",
    "over": "above",
    "exceeding": "above",
    "tuple": "row",
    "tuples": "rows",
    "directory": "folder",
    "directories": "folders",
    "kubernetes": "k8s",
    "addresses": "ips",
    "address": "ip",
    "reachable": "reach",
    "autoscale": "scale",
}
_STOP = frozenset(_EMPTY.split())
# What a language and its tools are called says nothing in that language; elsewhere it does.
_OWN: Mapping[Language, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        Language.BASH: "bash shell",
        Language.PYTHON: "python python3",
        Language.PROMQL: "promql prometheus",
        Language.LOGQL: "logql loki",
        Language.SQL: "sql postgres postgresql",
        Language.POSTGRESQL: "sql postgres postgresql psql",
        Language.MYSQL: "sql mysql mariadb",
        Language.SQLITE: "sql sqlite",
        Language.KUBERNETES: "kubernetes k8s yaml manifest",
        Language.DOCKERFILE: "dockerfile docker",
        Language.TERRAFORM: "terraform hcl",
        Language.ANSIBLE: "ansible playbook task yaml",
        Language.CRON: "cron crontab job run",
        Language.REGEX: "regex regexp regular match",
        Language.JQ: "jq",
        Language.SYSTEMD: "systemd",
        Language.NGINX: "nginx",
    }.items()
}
_STOP_CHINESE = re.compile(
    r"请|帮我|给我|帮忙|写一个|写个|写一条|写|一个|一条|一段|的|用|把|脚本|命令|查询|语句|表达式|怎么|如何|所有"
)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


@cache
def _stemmer() -> _Stemmer:
    return cast("_Stemmer", snowballstemmer.stemmer("english"))  # pyright: ignore[reportUnknownMemberType]


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character."""
    return _CHINESE.search(text) is not None


@cache
def _stem(word: str) -> str:
    return _stemmer().stemWord(word)


@lru_cache(maxsize=4096)
def content_words(text: str, language: Language | None = None) -> tuple[str, ...]:
    """Stems of the words that say something, in their order, with repetitions.

    Args:
        language: The one that the request is known to ask for: its own name says nothing new.
    """
    own = _OWN.get(language, frozenset[str]()) if language else frozenset[str]()
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if _CHINESE.match(word):
            bare = _STOP_CHINESE.sub(" ", word)
            found.extend(
                piece[i : i + 2] for piece in bare.split() for i in range(max(1, len(piece) - 1))
            )
        elif word not in _STOP and word not in own:
            found.append(_stem(_SAME.get(word, word)))
    return tuple(found)
