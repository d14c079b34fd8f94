from __future__ import annotations

from pathlib import Path

import pytest

from bot.skills.code.languages import Language
from bot.skills.code.validators import MAX_CODE_CHARS, validate
from bot.skills.code.validators.cron_line import next_runs, times_missed
from bot.skills.code.validators.promql import references

_GOOD = [
    (Language.PROMQL, "rate(node_vmstat_pswpin[5m])"),
    (Language.PROMQL, "count by (job) (requests_total > 0) and absent(errors_total)"),
    (Language.PROMQL, 'sum by (route) (rate(http_requests_total{code=~"5.."}[5m]))'),
    (Language.BASH, 'find /var/log -type f -name "*.log" -size +100M'),
    (Language.PYTHON, "print(sum(1 for _ in open('a')))"),
    (Language.SQL, "SELECT sku, count(*) FROM orders GROUP BY sku"),
    (Language.KUBERNETES, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"),
    (Language.YAML, "services:\n  web:\n    image: nginx\n"),
    (Language.JSON, '{"replicas": 3}'),
    (Language.REGEX, r"^\d{1,3}(\.\d{1,3}){3}$"),
    (Language.CRON, "0 9 * * 1-5 /usr/local/bin/digest"),
    (Language.CRON, "@daily /usr/local/bin/digest"),
]
_BAD = [
    (Language.PROMQL, "sum(rate(http_requests_total))", "expected type matrix"),
    (Language.PROMQL, "sum(rate(x[5m])", "unclosed"),
    (Language.BASH, "for f in *; do echo x", "unexpected end of file"),
    (Language.PYTHON, "def f(:\n  pass", "line 1"),
    (Language.SQL, "SELECT FROM WHERE", ""),
    (Language.SQL, "the weather is nice", ""),
    (Language.KUBERNETES, "kind: Pod\nmetadata:\n  name: x\n", "apiVersion"),
    (Language.YAML, "apiVersion: v1\nkind: Pod\n", "metadata.name"),
    (Language.YAML, "a: [1", "expected"),
    (Language.JSON, '{"a": 1, "a": 2}', "twice"),
    (Language.JSON, '{"a": NaN}', "NaN"),
    (Language.REGEX, "(a", "unterminated"),
    (Language.CRON, "61 * * * *", "61"),
    (Language.CRON, "0 9 30 2 *", "never"),
    (Language.CRON, "every day", "five fields"),
    (Language.PYTHON, "  \n", "no code"),
    (Language.JSON, "1" * (MAX_CODE_CHARS + 1), "longer"),
]


@pytest.mark.parametrize(("language", "code"), _GOOD)
async def test_valid_code_passes_without_doubts_and_says_by_what(
    language: Language, code: str
) -> None:
    verdict = await validate(language, code)
    assert verdict.is_valid
    assert verdict.complaint == ""
    assert verdict.checked


@pytest.mark.parametrize(("language", "code", "reason"), _BAD)
async def test_invalid_code_is_refused_with_a_reason(
    language: Language, code: str, reason: str
) -> None:
    verdict = await validate(language, code)
    assert not verdict.is_valid
    assert verdict.problem
    assert reason in verdict.problem


@pytest.mark.parametrize(
    ("language", "code", "doubt"),
    [
        (Language.BASH, 'cd "$HOME/x"\nrm -rf ./cache', "SC2164"),
        (Language.SQL, "DELETE FROM orders", "every row"),
        (Language.PROMQL, "sum(http_requests_total)", "without rate()"),
        (Language.PROMQL, "rate(db_pool_connections[5m])", "is none"),
        (
            Language.PROMQL,
            "histogram_quantile(0.9, sum by (route) (rate(x_seconds_bucket[5m])))",
            "label le",
        ),
    ],
)
async def test_valid_but_doubtful_code_says_what_is_doubtful(
    language: Language, code: str, doubt: str
) -> None:
    verdict = await validate(language, code)
    assert verdict.is_valid
    assert doubt in verdict.complaint


async def test_shell_code_is_never_run(tmp_path: Path) -> None:
    verdict = await validate(Language.BASH, f'touch "{tmp_path}/ran"; exit 3')
    assert verdict.is_valid
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("code", "effect"),
    [
        ("SELECT 1", "only reads"),
        ("WITH gone AS (DELETE FROM a WHERE b RETURNING *) SELECT * FROM gone", "DELETE"),
        ("SELECT pg_terminate_backend(1)", "pg_terminate_backend"),
    ],
)
async def test_sql_says_whether_it_changes_data(code: str, effect: str) -> None:
    assert any(effect in line for line in (await validate(Language.SQL, code)).checked)


def test_references_of_a_query() -> None:
    used = references('sum by (zone) (rate(a_total{x="1"}[5m])) / sum(b{y!="2"})')
    assert used.metrics == ("a_total", "b")
    assert set(used.labels) == {"zone", "x", "y"}
    assert used.groupings == ("zone",)


@pytest.mark.parametrize(
    ("days", "weekdays"),
    [("0", {6}), ("7", {6}), ("1-5", {0, 1, 2, 3, 4}), ("0,6", {5, 6}), ("mon", {0})],
)
def test_day_numbers_mean_what_cron_means(days: str, weekdays: set[int]) -> None:
    assert {run.weekday() for run in next_runs(f"0 9 * * {days}", 20)} == weekdays


@pytest.mark.parametrize(
    ("task", "n_doubts"), [("at 9:30 on weekdays", 1), ("at 09:00", 0), ("every morning", 0)]
)
def test_a_cron_line_at_another_time_than_the_task_says_is_doubtful(
    task: str, n_doubts: int
) -> None:
    assert len(times_missed("0 9 * * 1-5", task)) == n_doubts
