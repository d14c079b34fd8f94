"""The languages code is written in, by the names people and code fences use."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """Languages with a validator, and OTHER; the value is what a thread remembers."""

    PROMQL = "promql"
    LOGQL = "logql"
    BASH = "bash"
    PYTHON = "python"
    SQL = "sql"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    SQLITE = "sqlite"
    KUBERNETES = "yaml-kubernetes"
    DOCKERFILE = "dockerfile"
    TERRAFORM = "terraform"
    ANSIBLE = "ansible"
    YAML = "yaml"
    JSON = "json"
    JQ = "jq"
    REGEX = "regex"
    CRON = "cron"
    SYSTEMD = "systemd"
    NGINX = "nginx"
    OTHER = "text"

    @property
    def label(self) -> str:
        """The name people use."""
        return _LABELS[self]

    @property
    def fence(self) -> str:
        """The tag for a code fence."""
        return _FENCES.get(self, self.value)

    @property
    def is_sql(self) -> bool:
        """Whether it is SQL, in a dialect that was named or in none."""
        return self in SQL_DIALECTS or self is Language.SQL


SQL_DIALECTS = (Language.POSTGRESQL, Language.MYSQL, Language.SQLITE)
_LABELS = {
    Language.PROMQL: "PromQL",
    Language.LOGQL: "LogQL",
    Language.BASH: "bash",
    Language.PYTHON: "Python",
    Language.SQL: "SQL",
    Language.POSTGRESQL: "PostgreSQL",
    Language.MYSQL: "MySQL",
    Language.SQLITE: "SQLite",
    Language.KUBERNETES: "Kubernetes YAML",
    Language.DOCKERFILE: "Dockerfile",
    Language.TERRAFORM: "Terraform",
    Language.ANSIBLE: "Ansible",
    Language.YAML: "YAML",
    Language.JSON: "JSON",
    Language.JQ: "jq",
    Language.REGEX: "regular expression",
    Language.CRON: "cron",
    Language.SYSTEMD: "systemd unit",
    Language.NGINX: "Nginx configuration",
    Language.OTHER: "code",
}
_FENCES = {
    Language.KUBERNETES: "yaml",
    Language.ANSIBLE: "yaml",
    Language.POSTGRESQL: "sql",
    Language.MYSQL: "sql",
    Language.SQLITE: "sql",
    Language.TERRAFORM: "hcl",
    Language.SYSTEMD: "ini",
}
_ALIASES = {
    "shell": Language.BASH,
    "sh": Language.BASH,
    "py": Language.PYTHON,
    "python3": Language.PYTHON,
    "yml": Language.YAML,
    "regexp": Language.REGEX,
    "crontab": Language.CRON,
    "postgres": Language.POSTGRESQL,
    "mariadb": Language.MYSQL,
    "sqlite3": Language.SQLITE,
    "kubernetes": Language.KUBERNETES,
    "k8s": Language.KUBERNETES,
    "hcl": Language.TERRAFORM,
    "docker": Language.DOCKERFILE,
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
