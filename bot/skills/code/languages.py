"""Which language a request asks for, told from its words."""

from __future__ import annotations

import re
from enum import StrEnum


class Language(StrEnum):
    """Languages with a validator, and OTHER; the value is the tag of a code fence."""

    PROMQL = "promql"
    BASH = "bash"
    PYTHON = "python"
    SQL = "sql"
    KUBERNETES = "yaml-kubernetes"
    YAML = "yaml"
    JSON = "json"
    REGEX = "regex"
    CRON = "cron"
    OTHER = "text"

    @property
    def label(self) -> str:
        """The name people use."""
        return _LABELS[self]

    @property
    def fence(self) -> str:
        """The tag for a code fence."""
        return "yaml" if self is Language.KUBERNETES else self.value


_LABELS = {
    Language.PROMQL: "PromQL",
    Language.BASH: "bash",
    Language.PYTHON: "Python",
    Language.SQL: "SQL",
    Language.KUBERNETES: "Kubernetes YAML",
    Language.YAML: "YAML",
    Language.JSON: "JSON",
    Language.REGEX: "regular expression",
    Language.CRON: "cron",
    Language.OTHER: "code",
}

# The first pattern that is found decides: rarer words stand before those that often come along
# with another language ("a python script that reads json", "a bash one-liner over yaml").
_CUES: tuple[tuple[Language, str], ...] = (
    (Language.PROMQL, r"promql|prometheus|metricsql|recording rule|alert(ing)? expression"),
    (Language.OTHER, r"terraform|hcl|dockerfile|logql|golang|typescript|javascript|nginx conf\w*"),
    (Language.REGEX, r"regex(p|es)?|regular expression|正则"),
    (Language.CRON, r"cron(tab)?( expression| line| schedule)?|定时表达式"),
    (Language.PYTHON, r"python3?|pandas|py script"),
    (Language.SQL, r"sql|postgres(ql)?|psql|mysql|sqlite|mariadb|bigquery|sql语句"),
    (Language.BASH, r"bash|shell|one-?liner|kubectl|jq|awk|sed|journalctl|systemctl|curl|脚本"),
    (
        Language.KUBERNETES,
        r"kubernetes|k8s|manifest|deployment|statefulset|daemonset|cronjob|configmap|ingress|hpa|pdb",
    ),
    (Language.YAML, r"ya?ml|docker.?compose|github actions?|gitlab.?ci|ansible|playbook"),
    (Language.JSON, r"json"),
    (Language.BASH, r"script|command|terminal|cli|grep|find|tar|rsync|ssh|命令"),
)
_PATTERNS = tuple(
    (language, re.compile(rf"(?<![a-z0-9_])(?:{cue})(?![a-z0-9_])", re.IGNORECASE))
    for language, cue in _CUES
)
_TARGET = re.compile(
    r"\b(?:in|into|as|to)\s+(promql|bash|shell|python|sql|yaml|json|regex|cron)\b", re.IGNORECASE
)
_ALIASES = {
    "shell": Language.BASH,
    "sh": Language.BASH,
    "py": Language.PYTHON,
    "yml": Language.YAML,
    "regexp": Language.REGEX,
    "crontab": Language.CRON,
    "postgresql": Language.SQL,
}


def named(tag: str) -> Language | None:
    """The language of a fence tag or remembered value, or None when it is unknown."""
    tag = tag.strip().lower()
    if tag in _ALIASES:
        return _ALIASES[tag]
    try:
        return Language(tag)
    except ValueError:
        return None


def detect(text: str) -> Language | None:
    """The language a request asks for, or None when its words don't say."""
    target = _TARGET.search(text)
    if target is not None:
        return named(target.group(1))
    for language, pattern in _PATTERNS:
        if pattern.search(text):
            return language
    return None
