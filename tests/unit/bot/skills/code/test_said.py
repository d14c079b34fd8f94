from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.skills.code.draft import Task
from bot.skills.code.languages import Language
from bot.skills.code.said import names_missed
from bot.skills.code.snippets import Collection


def _task(language: Language, text: str, earlier: str = "") -> Task:
    examples = asyncio.run(Collection().find(language, text))
    return Task(request_id="r", text=text, language=language, earlier=earlier, examples=examples)


@pytest.mark.parametrize(
    ("language", "asked", "code"),
    [
        (Language.NGINX, "server for docs.example.net", "server { listen 80; }"),
        (Language.SYSTEMD, "run /opt/a/run at boot", "[Service]\nExecStart=/opt/b\n"),
        (Language.PROMQL, "how fast does mails_sent_total rise", "rate(mails_total[5m])"),
        (Language.SQLITE, "count of orders.customer_id", "SELECT count(customer) FROM orders"),
    ],
)
def test_a_name_of_the_task_that_is_not_in_the_code_is_a_doubt(
    language: Language, asked: str, code: str
) -> None:
    (doubt,) = names_missed(_task(language, asked), code)
    assert "which the code does not have" in doubt


def test_a_name_copied_from_an_example_is_a_doubt() -> None:
    task = _task(Language.KUBERNETES, "hpa for api with 2 to 6 pods at 70 percent cpu")
    assert task.examples
    (doubt,) = names_missed(task, "metadata: {name: checkout}")
    assert doubt.startswith("checkout is an example's name")
    assert names_missed(task, "metadata: {name: api}") == ()


def test_a_name_that_the_documents_hold_is_no_copy() -> None:
    task = _task(Language.KUBERNETES, "hpa for api with 2 to 6 pods at 70 percent cpu")
    documented = replace(task, notes=("The shop runs as deployment `Checkout`.",))
    assert names_missed(documented, "metadata: {name: checkout}, spec: {ref: api}") == ()


@pytest.mark.parametrize(
    ("language", "asked", "code"),
    [
        (Language.BASH, "is port 5432 on db.example.com open", "nc -z db.example.com 5432"),
        (Language.BASH, "curl http://a.example:80/x", "curl --connect-to a.example:80 http://x"),
        (
            Language.POSTGRESQL,
            "count of orders.customer_id",
            "SELECT count(customer_id) FROM orders",
        ),
        (Language.DOCKERFILE, "Dockerfile mit Build-Argument und JSON", "FROM alpine:3.20"),
        (Language.NGINX, "regex for api.example.com", r"server_name ~^api\.example\.com$;"),
        (Language.REGEX, "regex for lines of /var/log/a.log", "x+"),
    ],
)
def test_what_the_code_says_in_its_own_way_is_no_doubt(
    language: Language, asked: str, code: str
) -> None:
    assert names_missed(_task(language, asked), code) == ()


def test_a_change_to_earlier_code_need_not_say_its_names_again() -> None:
    task = _task(Language.NGINX, "now without docs.example.net", earlier="server {}")
    assert names_missed(task, "server {}") == ()
