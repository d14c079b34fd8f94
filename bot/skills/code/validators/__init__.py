"""One validator per language. They parse; none of them executes anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType

from ..languages import SQL_DIALECTS, Language
from ..verdict import Verdict
from . import (
    ansible_tasks,
    cron_line,
    dockerfile,
    jq_program,
    json_document,
    logql,
    nginx,
    promql,
    python_source,
    regular_expression,
    shell,
    sql,
    systemd_unit,
    terraform,
    yaml_document,
)

Validator = Callable[[str], Awaitable[Verdict]]
MAX_CODE_CHARS = 20_000


async def _unknown(code: str) -> Verdict:
    return Verdict(tool="", unchecked=(f"anything: no checker here for these {len(code)} signs",))


VALIDATORS: Mapping[Language, Validator] = MappingProxyType(
    {
        Language.PROMQL: promql.check,
        Language.LOGQL: logql.check,
        Language.BASH: shell.check,
        Language.PYTHON: python_source.check,
        Language.SQL: sql.check,
        **{each: partial(sql.check_dialect, dialect=each) for each in SQL_DIALECTS},
        Language.KUBERNETES: yaml_document.check_kubernetes,
        Language.DOCKERFILE: dockerfile.check,
        Language.TERRAFORM: terraform.check,
        Language.ANSIBLE: ansible_tasks.check,
        Language.YAML: yaml_document.check,
        Language.JSON: json_document.check,
        Language.JQ: jq_program.check,
        Language.REGEX: regular_expression.check,
        Language.CRON: cron_line.check,
        Language.SYSTEMD: systemd_unit.check,
        Language.NGINX: nginx.check,
        Language.OTHER: _unknown,
    }
)


async def validate(language: Language, code: str) -> Verdict:
    """Check code with its language's own tools."""
    if not code.strip():
        return Verdict(tool="", problem="there is no code")
    if len(code) > MAX_CODE_CHARS:
        return Verdict(tool="", problem=f"longer than {MAX_CODE_CHARS} characters")
    return await VALIDATORS[language](code)
