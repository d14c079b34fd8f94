"""Which language a request asks for, told from its words: English, Chinese, German."""

from __future__ import annotations

import re

from .languages import SQL_DIALECTS, Language, named

_NAMES = (
    "promql|logql|bash|shell|sh|python3?|py|postgres(?:ql)?|mysql|mariadb|sqlite3?|sql|ansible|"
    "terraform|nginx|kubernetes|k8s|jq|regex|cron|crontab|yaml|json"
)
_THINGS = (
    r"scripts?|skripte?|functions?|funktion(?:en)?|one-?liner|einzeiler|code|programm?e?|snippet|"
    r"quer(?:y|ies)|abfragen?|anfrage|statements?|filter|ausdruck|expressions?|command|befehl|"
    r"playbook|manifests?|config(?:uration)?|konfiguration|脚本|函数|查询|语句|表达式|配置|清单|命令"
)
# "a python script that reads json": what somebody asks to have written says its language first.
_HEAD = re.compile(rf"(?<![a-z0-9_])({_NAMES})[- ]?(?:{_THINGS})(?![a-z0-9_])", re.IGNORECASE)
_PLACES = _NAMES.replace("nginx|kubernetes|k8s|", "")
_TARGET = re.compile(rf"\b(?:in|into|as|to|als)\s+({_PLACES})(?![a-z0-9_])", re.IGNORECASE)
_MEANS = re.compile(rf"(?:\b(?:with|using|mit)\s+|用\s*)({_PLACES})(?![a-z0-9_])", re.IGNORECASE)
# The first pattern that is found decides: rarer words stand before those that often come along
# with another language ("an ansible task that installs a python package").
_FIRM: tuple[tuple[Language, str], ...] = (
    (Language.PROMQL, r"promql|prometheus|metricsql|recording rule|alert(ing)? expression"),
    (Language.LOGQL, r"logql|loki"),
    (Language.OTHER, r"golang|typescript|javascript|perl|ruby|powershell|java|rust"),
    (Language.REGEX, r"regex(p|es)?|regular expressions?|regul[äa]re[nr]? ausdr[uü]ck\w*|正则"),
    (Language.KUBERNETES, r"(kubernetes|k8s)[- ](\w+ )?cronjobs?|cronjobs? (manifest|ya?ml)"),
    (Language.CRON, r"cron(tab|job)?s?([- ](ausdruck|eintrag|zeile))?|定时(任务|表达式)"),
    (Language.DOCKERFILE, r"dockerfile|containerfile|multi-?stage build|docker-?file"),
    (Language.TERRAFORM, r"terraform|hcl|opentofu"),
    (Language.ANSIBLE, r"ansible|playbook"),
    (
        Language.SYSTEMD,
        (
            r"systemd[- ]?(unit(?!s)|service|timer|socket|path|drop-?in|override|einheit|dienst|服务|单元"
            r"|定时器)(-?(file|datei))?|unit[- ]?(file|datei)|[\w@-]+\.(service|timer) (file|unit|datei)"
        ),
    ),
    (
        Language.NGINX,
        (
            r"nginx[- ]?(conf\w*|konfig\w*|server|location|blo[ck]+|vhost|reverse|upstream|rewrite|"
            r"redirect|site|snippet|proxy|配置|反向代理)|(server|location)[- ]blo[ck]+|in nginx"
        ),
    ),
    (Language.PYTHON, r"python3?|pandas|py script"),
    (Language.POSTGRESQL, r"postgres(ql)?|psql|pgsql|pg_\w+"),
    (Language.MYSQL, r"mysql|mariadb|innodb"),
    (Language.SQLITE, r"sqlite3?"),
    (Language.SQL, r"sql|bigquery"),
    (Language.JQ, r"jq"),
    (
        Language.BASH,
        (
            r"bash|shell|one-?liner|einzeiler|kubectl|awk|sed|journalctl|systemctl|curl|脚本|"
            r"(shell-?)?skript"
        ),
    ),
    (
        Language.KUBERNETES,
        (
            r"kubernetes|k8s|manifest|deployment|statefulset|daemonset|configmap|ingress|hpa|pdb|"
            r"networkpolicy|persistentvolumeclaim|pvc"
        ),
    ),
    (Language.YAML, r"ya?ml|docker.?compose|github actions?|gitlab.?ci"),
    (Language.JSON, r"json"),
)
# Files and lines that often name a script of another language, which they run.
_ARTEFACTS = frozenset(
    {
        *(Language.DOCKERFILE, Language.SYSTEMD, Language.NGINX, Language.ANSIBLE),
        *(Language.TERRAFORM, Language.CRON, Language.KUBERNETES),
    }
)
# Everyday words: enough for a first request, too little to change a thread's language.
_LOOSE: tuple[tuple[Language, str], ...] = (
    (Language.BASH, r"script|command|terminal|cli|grep|find|tar|rsync|ssh|命令|befehl|kommando"),
    (Language.NGINX, r"nginx"),
    (Language.SYSTEMD, r"systemd"),
)


def _compiled(
    cues: tuple[tuple[Language, str], ...],
) -> tuple[tuple[Language, re.Pattern[str]], ...]:
    bounds = r"(?<![a-z0-9_])(?:{})(?![a-z0-9_])"
    return tuple((name, re.compile(bounds.format(cue), re.IGNORECASE)) for name, cue in cues)


_FIRM_PATTERNS = _compiled(_FIRM)
_LOOSE_PATTERNS = _compiled(_LOOSE)


def detect(text: str, *, firm: bool = False) -> Language | None:
    """The language a request asks for, or None when its words don't say.

    Args:
        firm: Only words that name a language or its own things count, as in a thread that has a
            language already.
    """
    found = _head(text) or _first(_FIRM_PATTERNS, text)
    if found is Language.SQL:
        return _first(tuple(p for p in _FIRM_PATTERNS if p[0] in SQL_DIALECTS), text) or found
    if found is Language.YAML:
        return next((each for each in _yaml_dialects(text)), found)
    return found if found or firm else _first(_LOOSE_PATTERNS, text)


def _yaml_dialects(text: str) -> list[Language]:
    wanted = (Language.KUBERNETES, Language.ANSIBLE)
    return [name for name, pattern in _FIRM_PATTERNS if name in wanted and pattern.search(text)]


def _head(text: str) -> Language | None:
    """What is to be written, where a noun says so; "a unit file that runs a python script"."""
    match = _TARGET.search(text)
    if match is not None:
        return named(match.group(1))
    head = _HEAD.search(text)
    if head is None:
        match = _MEANS.search(text)
        return None if match is None else named(match.group(1))
    begins = [
        (found.start(), language)
        for language, pattern in _FIRM_PATTERNS
        if language in _ARTEFACTS and (found := pattern.search(text))
    ]
    place, artefact = min(begins, default=(len(text), Language.OTHER))
    return artefact if place < head.start() else named(head.group(1))


def _first(patterns: tuple[tuple[Language, re.Pattern[str]], ...], text: str) -> Language | None:
    return next((name for name, pattern in patterns if pattern.search(text)), None)
