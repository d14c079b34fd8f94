from __future__ import annotations

import pytest

from bot.skills.code.languages import Language
from bot.skills.code.validators import (
    ansible_options,
    ansible_tasks,
    dockerfile,
    nginx,
    programs,
    python_source,
    shell,
    systemd_unit,
    terraform,
    validate,
)
from bot.skills.code.validators.jq_program import arguments_of, flags_of, program_of
from bot.skills.code.validators.systemd_unit import split_units

_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx:1.27
          env:
            - name: LEVEL
              value: "5"
          resources:
            limits:
              cpu: 1
"""
_UNIT = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\nRestart=on-failure\n"
_GOOD = [
    (Language.LOGQL, 'sum by (app) (rate({job="x"} |= "error" [5m]))'),
    (Language.POSTGRESQL, "SELECT now() - interval '5 minutes'"),
    (Language.MYSQL, "SELECT `a` FROM t LIMIT 5"),
    (Language.SQLITE, "SELECT date('now', '-7 days'), count(*) FROM t"),
    (Language.KUBERNETES, _DEPLOYMENT),
    (Language.DOCKERFILE, "FROM python:3.12-slim\nCOPY <<EOF /a\nx\nEOF\nUSER 1001\n"),
    (Language.TERRAFORM, 'variable "a" {\n  type = string\n}\n'),
    (Language.ANSIBLE, "- hosts: web\n  tasks:\n    - ansible.builtin.ping:\n"),
    (Language.ANSIBLE, "- service: name=nginx state=restarted\n"),
    (Language.JQ, '.items[] | select(.a == "b") | .c'),
    (Language.JQ, "kubectl get pods -o json | jq -r '.items[].metadata.name'"),
    (Language.SYSTEMD, _UNIT),
    (Language.NGINX, "location /a {\n  proxy_pass http://b;\n}\n"),
    (Language.NGINX, "events {}\nhttp {\n  server {\n    listen 80;\n  }\n}\n"),
    (
        Language.NGINX,
        """http {
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  split_clients $remote_addr $variant { 10% a; * b; }
  geo $inside { default 0; 10.0.0.0/8 1; }
  server { listen 443 ssl; http2 on; ssl_reject_handshake on; location / { types { a/b c; } } }
}
""",
    ),
    (Language.ANSIBLE, '- file: {path: /a, state: directory, mode: "0750", owner: b}\n'),
    (Language.ANSIBLE, "- find: {paths: /a, get_checksum: true, checksum_algorithm: sha256}\n"),
    (Language.ANSIBLE, "- get_url: {url: 'http://a/b', dest: /c, mode: '0644'}\n"),
    (Language.SQLITE, "EXPLAIN QUERY PLAN SELECT a FROM t WHERE b = 1"),
    (Language.CRON, "@reboot /opt/a\n"),
    (Language.CRON, "MAILTO=ops\n# nightly\n0 3 * * * /opt/a\n30 3 * * 0 /opt/b\n"),
]
_BAD = [
    (Language.LOGQL, 'rate({app="x"})', "needs a range"),
    (Language.LOGQL, "{app='x'}", "double quotes"),
    (Language.LOGQL, '{app=~".*"}', "not matched with everything"),
    (Language.LOGQL, 'avg_over_time({a="b"} | json [5m])', "unwrap"),
    (Language.LOGQL, '{a="b"} | jsn', "jsn is no stage"),
    (Language.LOGQL, 'sum(up{a="b"})', "no function of LogQL"),
    (Language.LOGQL, '{a="b"} |~ "(x"', "cannot be read"),
    (Language.LOGQL, '{a="b"} }', "does not belong here"),
    (Language.SQLITE, "SELECT NOW()", "no such function"),
    (Language.SQLITE, "SELECT a FROM t WHERE b ILIKE 'x'", "ILIKE"),
    (Language.POSTGRESQL, "SELECT FROM WHERE", "WHERE"),
    (Language.KUBERNETES, _DEPLOYMENT.replace("image:", "img:"), "img is no field of Container"),
    (Language.KUBERNETES, _DEPLOYMENT.replace('"5"', "5"), "value must be a string, not 5"),
    (Language.KUBERNETES, _DEPLOYMENT.replace("apps/v1", "v1"), "has the apiVersion apps/v1"),
    (
        Language.KUBERNETES,
        _DEPLOYMENT.replace("labels:\n        app: web", "labels:\n        a: b"),
        "selector wants",
    ),
    (
        Language.KUBERNETES,
        _DEPLOYMENT.replace("- name: web\n          image", "- image"),
        "containers[0].name is missing",
    ),
    (Language.YAML, "a: 1\na: 2", "stands twice"),
    (Language.DOCKERFILE, "RUN ls", "begins with FROM"),
    (Language.DOCKERFILE, "FROM a:1\nRUNN x", "line 2: RUNN"),
    (Language.DOCKERFILE, "FROM a:1\nCOPY x", "a source and a destination"),
    (Language.DOCKERFILE, "FROM a:1\nCOPY --from=3 /x /y", "no stage 3"),
    (Language.DOCKERFILE, "FROM a:1\nRUN <<EOF\nls", "has no end"),
    (Language.TERRAFORM, 'resource "a" {\n}\n', "2 labels"),
    (Language.TERRAFORM, 'resource "a" "b" {\n  c =\n}\n', "line 2"),
    (Language.TERRAFORM, "replicas = 3\n", "no block of Terraform"),
    (
        Language.ANSIBLE,
        "- hosts: web\n  tasks:\n    - apt: {nme: x}\n",
        "nme is no argument of apt",
    ),
    (Language.ANSIBLE, "- aptt: {name: x}\n", "aptt is no module"),
    (Language.ANSIBLE, "- name: x\n", "this one has none"),
    (Language.ANSIBLE, "- hosts: web\n  task: []\n", "no keyword of a play"),
    (Language.ANSIBLE, "hosts: web\n", "a list of plays"),
    (Language.ANSIBLE, "- apt: {name: x, state: installd}\n", "is one of"),
    (Language.JQ, ".a | ", "syntax error"),
    (Language.JQ, "foo(1)", "not defined"),
    (Language.JQ, ".kubectl get pods | jq '.a'", "write only the program"),
    (Language.SYSTEMD, _UNIT.replace("Restart", "Restrat"), "Restart is"),
    (Language.SYSTEMD, _UNIT.replace("/bin/true", "true"), "absolute path"),
    (Language.SYSTEMD, _UNIT.replace("Restart=on-failure", "After=a.target"), "into [Unit]"),
    (Language.SYSTEMD, "[Timer]\nPersistent=true\n", "never starts"),
    (Language.SYSTEMD, "Description=x\n", "before any section"),
    (Language.NGINX, "server { listen 80 }", "line 1"),
    (Language.NGINX, "server { lissten 80; }", "unknown directive"),
    (Language.NGINX, "server { listen 80;", "unexpected end"),
    (Language.NGINX, "server { location / { proxy_pas http://a; } }", "proxy_pas"),
    (Language.NGINX, "server { http2 yes; }", 'it must be "on" or "off"'),
    (Language.ANSIBLE, "- file: {path: /a, mod: '0750'}\n", "mod is no argument of file"),
    (Language.ANSIBLE, "- copy: {src: a, dest: /b, modes: '1'}\n", "modes is no argument of copy"),
    (Language.SQLITE, "EXPLAIN QUERY PLAN SELECT nope(a) FROM t", "no such function"),
    (Language.CRON, "0 0 L * *", "no cron word"),
]


@pytest.mark.parametrize(("language", "code"), _GOOD)
async def test_valid_code_passes(language: Language, code: str) -> None:
    verdict = await validate(language, code)
    assert verdict.complaint == ""
    assert verdict.checked
    assert verdict.unchecked


@pytest.mark.parametrize(("language", "code", "reason"), _BAD)
async def test_invalid_code_is_refused_in_the_tools_words(
    language: Language, code: str, reason: str
) -> None:
    assert reason in (await validate(language, code)).problem


@pytest.mark.parametrize(
    ("language", "code", "doubt"),
    [
        (Language.PYTHON, "import os\nprint(nme)\n", "Undefined name `nme`"),
        (Language.REGEX, "^(a+)+$", "backtracks"),
        (Language.DOCKERFILE, "FROM ubuntu:24.04\nRUN cd /x && ls\n", "DL3003"),
        (Language.CRON, "0 9 1 * 1 /x", "not on both"),
        (Language.LOGQL, 'avg_over_time({a="b"} | unwrap x [5m])', "needs a parser"),
        (Language.SYSTEMD, "[Timer]\nOnCalendar=every day\n", "calendar"),
    ],
)
async def test_what_a_linter_says_is_a_doubt(language: Language, code: str, doubt: str) -> None:
    verdict = await validate(language, code)
    assert verdict.is_valid
    assert doubt in verdict.complaint


@pytest.mark.parametrize(
    ("language", "code", "unchecked"),
    [
        (Language.PYTHON, "print(1)", "by ruff: not installed"),
        (Language.DOCKERFILE, "FROM a:1", "by hadolint: not installed"),
        (Language.SYSTEMD, _UNIT, "by systemd-analyze: not installed"),
        (Language.BASH, "ls", "by shellcheck: not installed"),
    ],
)
async def test_a_missing_tool_is_told_and_the_rest_still_checked(
    monkeypatch: pytest.MonkeyPatch, language: Language, code: str, unchecked: str
) -> None:
    def nowhere(name: str) -> None:
        del name

    for place in (python_source, dockerfile, systemd_unit, shell):
        monkeypatch.setattr(place, "find_program", nowhere)
    verdict = await validate(language, code)
    assert verdict.is_valid
    assert any(unchecked in line for line in verdict.lines())


async def test_without_ansible_the_arguments_are_not_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ansible_options.options_of.cache_clear()
    for module in (ansible_options, ansible_tasks):
        monkeypatch.setattr(module, "modules_folder", lambda: None)
    verdict = await validate(Language.ANSIBLE, "- apt: {nme: x}\n")
    ansible_options.options_of.cache_clear()
    assert verdict.is_valid
    assert any("ansible-core is not installed" in line for line in verdict.unchecked)


async def test_a_program_that_hangs_is_ended() -> None:
    code, _, errors = await programs.run_program(["/bin/sleep", "5"], "", timeout_s=0.05)
    assert code is None
    assert "no answer within 0.05 s" in errors


def test_a_jq_command_line_is_taken_apart() -> None:
    line = "jq -rs --arg who ann '.[] | select(.a == $who)' a.json | sort"
    assert program_of(line) == ".[] | select(.a == $who)"
    assert arguments_of(line) == ("who",)
    assert {"r", "s"} <= flags_of(line)


def test_two_units_in_one_answer_are_told_apart() -> None:
    code = f"# /etc/systemd/system/a.service\n{_UNIT}\n# a.timer\n[Timer]\nOnCalendar=daily\n"
    assert list(split_units(code)) == ["a.service", "a.timer"]
    assert list(split_units(f"{_UNIT}[Unit]\nDescription=y\n[Timer]\nOnCalendar=daily\n")) == [
        "answer.service",
        "answer.timer",
    ]


def test_a_piece_of_nginx_says_where_it_goes() -> None:
    assert nginx.read("server { listen 80; }")[0] == "inside http"
    assert nginx.read("location / { return 204; }")[0] == "inside a server"


def test_terraform_strings_come_without_their_quotes() -> None:
    tree = terraform.read('resource "a" "b" {\n  name = "x-${var.y}"\n  ref = var.z\n}\n')
    assert tree == {"resource": [{"a": {"b": {"name": "x-${var.y}", "ref": "var.z"}}}]}


async def test_names_declared_elsewhere_are_left_open() -> None:
    verdict = await validate(Language.TERRAFORM, 'output "a" {\n  value = var.b\n}\n')
    assert any("var.b" in line for line in verdict.unchecked)


async def test_custom_resources_are_not_taken_for_checked() -> None:
    verdict = await validate(
        Language.KUBERNETES, "apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: a}\n"
    )
    assert any("the fields of Thing" in line for line in verdict.unchecked)
