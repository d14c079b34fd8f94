from __future__ import annotations

import pytest

from bot.skills.code.asked import detect
from bot.skills.code.extraction import code_of, is_complete
from bot.skills.code.grounding import compare, documented_metrics, missed, naming_lines
from bot.skills.code.languages import Language, named
from bot.skills.code.validators.promql import references

_TABLE = "| `jobs_total` | counter | `queue`, `result` | jobs |\nProse without names.\n"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("promql for checkout 5xx rate", Language.PROMQL),
        ("a bash one-liner that finds big files", Language.BASH),
        ("cron line for every weekday at 9", Language.CRON),
        ("convert this yaml to json", Language.JSON),
        ("a python script that reads json logs", Language.PYTHON),
        ("regex for an IPv4 address", Language.REGEX),
        ("sql to list idle sessions", Language.SQL),
        ("k8s deployment with three replicas", Language.KUBERNETES),
        ("terraform for a bucket", Language.TERRAFORM),
        ("用bash写一个统计日志的脚本", Language.BASH),
        ("a dockerfile that copies dist into nginx:stable", Language.DOCKERFILE),
        ("systemd unit file that runs a python script", Language.SYSTEMD),
        ("nginx location block for /api", Language.NGINX),
        ("logql lines with errors", Language.LOGQL),
        ("ansible playbook that installs postgresql", Language.ANSIBLE),
        ("mysql query for the last logins", Language.MYSQL),
        ("sql query for postgres, orders per day", Language.POSTGRESQL),
        ("jq filter for pod names", Language.JQ),
        ("turn this bash loop into python", Language.PYTHON),
        ("kubernetes cronjob every night", Language.KUBERNETES),
        ("cronjob jeden Montag um 8 Uhr", Language.CRON),
        ("ein Python-Skript, das JSON liest", Language.PYTHON),
        ("Regulärer Ausdruck für eine Hausnummer", Language.REGEX),
        ("写一个正则表达式匹配邮箱", Language.REGEX),
        ("nginx 反向代理配置", Language.NGINX),
        ("用 sqlite 统计每天的行数", Language.SQLITE),
        ("yaml for an ansible task", Language.ANSIBLE),
        ("list the failed systemd units with a shell command", Language.BASH),
        ("now per route", None),
        ("rashly scripted sequels", None),
    ],
)
def test_the_language_is_told_from_the_words(text: str, language: Language | None) -> None:
    assert detect(text) is language


@pytest.mark.parametrize("text", ["find only the open ones", "as a command", "and for nginx?"])
def test_everyday_words_are_not_firm(text: str) -> None:
    assert detect(text) is not None
    assert detect(text, firm=True) is None


def test_every_language_is_found_again_by_its_value() -> None:
    assert all(named(language.value) is language for language in Language)
    assert named("klingon") is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Sure:\n```promql\nup == 0\n```\nThis shows...", "up == 0"),
        ("```\na\n\nb\n", "a\n\nb"),
        ("`up`", "up"),
        ("```yaml\n  a: 1\n```", "  a: 1"),
        ("", ""),
    ],
)
def test_the_first_block_is_taken(answer: str, code: str) -> None:
    assert code_of(answer) == code


def test_a_block_is_complete_only_when_it_is_closed() -> None:
    assert not is_complete("```bash\nls")
    assert is_complete("```bash\nls\n```")
    assert not is_complete("no block")


def test_unknown_metrics_and_labels_are_doubted() -> None:
    documented = documented_metrics((_TABLE,))
    assert compare(references('rate(jobs_total{queue="a"}[5m])'), documented).doubts == ()
    (label,) = compare(references('rate(jobs_total{app="a"}[5m])'), documented).doubts
    assert "label app" in label
    (metric,) = compare(references("rate(work_total[5m])"), documented).doubts
    assert "work_total" in metric


def test_without_documents_there_are_no_doubts() -> None:
    assert compare(references('x_total{app="a"}'), documented_metrics(())).doubts == ()


def test_what_the_task_names_must_be_in_the_query() -> None:
    documented = documented_metrics((_TABLE,))
    query = "sum(rate(jobs_total[5m]))"
    assert missed("jobs per queue", query, references(query), documented)
    assert missed("p99 of jobs", query, references(query), documented)
    grouped = "sum by (queue) (rate(jobs_total[5m]))"
    assert not missed("jobs per queue, by day", grouped, references(grouped), documented)


def test_only_lines_with_names_are_kept_up_to_the_limit() -> None:
    assert naming_lines(_TABLE, 1000) == _TABLE.splitlines()[0]
    assert naming_lines(_TABLE, 10) == ""
