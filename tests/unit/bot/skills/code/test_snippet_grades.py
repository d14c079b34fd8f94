from __future__ import annotations

import asyncio

import pytest

from bot.skills.code.languages import Language
from bot.skills.code.snippets import Collection, Grade
from bot.skills.code.snippets.contradictions import contradicts

_COLLECTION = Collection()
# Each is near to a shipped snippet and asks for something else.
_OTHERS = [
    (Language.BASH, "find files smaller than 10M under /var/log"),
    (Language.BASH, "find directories larger than 1G under /srv"),
    (Language.BASH, "find files larger than 100M under /var owned by alice"),
    (Language.BASH, "delete files larger than 100M under /var/log"),
    (Language.BASH, "count requests per hour in /var/log/nginx/access.log"),
    (Language.BASH, "which user has the most processes"),
    (Language.BASH, "processes that read the most from the disk"),
    (Language.BASH, "start process on port 8080"),
    (Language.BASH, "list pods with the fewest restarts in namespace shop"),
    (Language.BASH, "errors of the unit nginx in the journal until 10:00"),
    (Language.BASH, "compress logs in /var/log/app with zstd and upload them to s3"),
    (Language.BASH, "replace db-old with db-new in yaml files under /etc/app except secrets"),
    (Language.BASH, "connections to port 443 that are in state TIME_WAIT"),
    (Language.BASH, "roll back the statefulset db in namespace shop"),
    (Language.BASH, "decode the key password of secret db-credentials"),
    (Language.BASH, "drain node worker-3 and delete it from the cluster"),
    (Language.BASH, "rsync /srv/app to web-2 over ssh with a bandwidth limit of 5M"),
    (Language.BASH, "which directories under /var were changed last"),
    (Language.BASH, "processes with the smallest resident memory"),
    (Language.BASH, "count tcp connections by port"),
    (Language.BASH, "search req-4711 in /var/log/app but not in rotated logs"),
    (Language.BASH, "repeat /usr/local/bin/push forever until it fails"),
    (Language.BASH, "tar backup of /srv/app without timestamps to s3"),
    (Language.BASH, "successful ssh logins by address"),
    (Language.BASH, "is the certificate of www.example.com self-signed"),
    (Language.BASH, "logs of pod checkout-1 since 1h"),
    (Language.BASH, "warnings of node worker-1"),
    (Language.PROMQL, "p50 and p95 latency of checkout"),
    (Language.PROMQL, "share of 4xx responses of checkout"),
    (Language.PROMQL, "p95 latency of checkout per region"),
    (Language.PROMQL, "memory usage of pod checkout-1 in percent"),
    (Language.PROMQL, "requests per second of checkout by status compared with yesterday"),
    (Language.PROMQL, "containers restarted in the last 3 hours by node"),
    (Language.PROMQL, "file systems of host db-1 that will be full within 4 hours"),
    (Language.PROMQL, "mean response size of checkout"),
    (Language.PROMQL, "hosts that rebooted more than 3 times within the last 30 minutes"),
    (Language.PROMQL, "bottom 5 handlers by traffic"),
    (Language.PROMQL, "network transmit throughput per interface"),
    (Language.PROMQL, "write latency of the disks"),
    (Language.PROMQL, "success ratio of checkout"),
    (Language.PROMQL, "cpu utilisation per core"),
    (Language.PROMQL, "pods that are running for long"),
    (Language.POSTGRESQL, "queries that run shorter than 5 minutes"),
    (Language.POSTGRESQL, "smallest tables with their sizes"),
    (Language.POSTGRESQL, "indexes that are used most"),
    (Language.POSTGRESQL, "size of database shop"),
    (Language.POSTGRESQL, "kill the query of pid 12345"),
    (Language.POSTGRESQL, "largest tables in schema billing"),
    (Language.POSTGRESQL, "remove duplicate rows of users by email and keep the oldest"),
    (Language.POSTGRESQL, "newest 3 rows of deployments for each service"),
    (Language.POSTGRESQL, "rows per day in events for the last 7 days"),
    (Language.POSTGRESQL, "indexes on table orders"),
    (Language.POSTGRESQL, "settings of database shop"),
    (Language.POSTGRESQL, "add column total to table orders with a default computed from price"),
    (Language.POSTGRESQL, "p90 of duration_ms per endpoint and day in requests"),
    (Language.KUBERNETES, "deployment api with image api:2 and probes and a volume"),
    (Language.KUBERNETES, "cron job every 5 minutes that may overlap"),
    (Language.KUBERNETES, "autoscale checkout by memory between 2 and 5 pods"),
    (Language.KUBERNETES, "network policy that denies all outgoing traffic in namespace shop"),
    (Language.KUBERNETES, "ingress for shop.example.com without tls to service web"),
    (Language.KUBERNETES, "headless service for rabbitmq with tls"),
    (Language.KUBERNETES, "quota for namespace team-a with at most 5 pods"),
    (Language.KUBERNETES, "stateful set cache without volumes"),
    (Language.NGINX, "rate limit by api key header"),
    (Language.NGINX, "redirect https to http for app.example.com"),
    (Language.NGINX, "allow everyone except 10.0.0.0/8 to reach /internal/"),
    (Language.NGINX, "reverse proxy for app.example.com to http://127.0.0.1:8080 with basic auth"),
    (Language.NGINX, "allow uploads up to 200M only from 10.0.0.0/8"),
    (Language.NGINX, "websocket proxy for /ws/ with a timeout of 1h"),
    (Language.NGINX, "cache responses for 5m only when the url has no query"),
    (Language.ANSIBLE, "restart nginx on all web hosts at once"),
    (Language.ANSIBLE, "remove user alice and her home directory"),
    (Language.ANSIBLE, "install nginx 1.24 and stop its service"),
    (Language.ANSIBLE, "close tcp port 9100 in firewalld"),
    (Language.CRON, "every weekend day at 9"),
    (Language.CRON, "every 5 minutes but only on mondays"),
    (Language.CRON, "on the first monday of every month at 3"),
    (Language.CRON, "every night at 4 except sunday"),
    (Language.CRON, "every 6 hours starting at 2"),
    (Language.CRON, "twice a week at 6 o'clock"),
    (Language.JQ, "names of pods that are running"),
    (Language.JQ, "the 3 objects with the lowest duration"),
    (Language.JQ, "rename key hostname to host and drop key port"),
    (Language.JQ, "sum of bytes per service and status"),
    (Language.JQ, "objects whose status is not failed"),
    (Language.SYSTEMD, "timer that runs /usr/local/bin/backup every monday at 04:30"),
    (Language.SYSTEMD, "run /opt/worker and never restart it"),
    (Language.SYSTEMD, "drop-in that limits memory to 512M and cpu to 20%"),
    (Language.TERRAFORM, "public s3 bucket with a website"),
    (Language.TERRAFORM, "security group that opens port 443 and 80 to 10.0.0.0/8"),
    (Language.TERRAFORM, "s3 bucket acme-logs with replication to another region"),
    (Language.TERRAFORM, "dns record api.example.com as alias to a load balancer"),
    (Language.TERRAFORM, "vpc 10.0.0.0/16 with public subnets"),
    (Language.REGEX, "ipv4 address but only private ranges"),
    (Language.REGEX, "lines of an access log with a 4xx answer"),
    (Language.REGEX, "uuid version 7 only"),
    (Language.REGEX, "mac addresses with dots"),
    (Language.REGEX, "semantic version without pre-release"),
    (Language.MYSQL, "statements that run for more than 60 seconds by user reporting"),
    (Language.MYSQL, "tables with a primary key"),
    (Language.MYSQL, "delete rows of events older than 30 days without chunks"),
    (Language.MYSQL, "fastest statements"),
    (Language.MYSQL, "schema sizes without system schemas"),
    (Language.SQLITE, "rows of events per month by column created_at"),
    (Language.SQLITE, "delete rows of events newer than 30 days"),
    (Language.LOGQL, "warning lines of checkout"),
    (Language.LOGQL, "p99 duration from the logs of checkout by path and method"),
    (Language.DOCKERFILE, "python web app with gpu support"),
    (Language.DOCKERFILE, "go binary with cgo and debian base image"),
    (Language.PYTHON, "retry a call with exponential backoff only for timeouts and log each try"),
    (Language.PYTHON, "fetch json from https://api.example.com/x with basic auth"),
    (Language.PYTHON, "sum column cost of a csv per team and month"),
]
# Each asks for a shipped snippet in words of its own.
_PARAPHRASES = [
    (Language.BASH, "find-large-files", "show me files bigger than 2G under /data"),
    (Language.BASH, "find-large-files", "large files over 500M in /home"),
    (Language.BASH, "full-file-systems", "which mounts are over 90 percent full"),
    (Language.BASH, "process-on-port", "what is listening on port 9090"),
    (Language.BASH, "process-on-port", "which process uses port 3306"),
    (Language.BASH, "top-cpu-processes", "which processes use the most cpu"),
    (Language.BASH, "top-memory-processes", "which processes use the most memory"),
    (Language.BASH, "zombie-processes", "list zombie processes"),
    (Language.BASH, "failed-units", "show failed systemd units"),
    (Language.BASH, "unit-errors", "errors of postgresql in the journal since 2h"),
    (
        Language.BASH,
        "remote-certificate-expiry",
        "when does the certificate of api.example.org expire",
    ),
    (Language.BASH, "compress-old-logs", "gzip logs older than 7 days in /srv/log"),
    (Language.BASH, "recently-changed-files", "files modified in the last 30 minutes under /opt"),
    (Language.BASH, "deleted-open-files", "deleted files still held open"),
    (Language.BASH, "failed-logins", "failed ssh logins per ip"),
    (Language.BASH, "drain-node", "drain node worker-9 for maintenance"),
    (Language.BASH, "roll-back-deployment", "roll back deployment api in namespace prod"),
    (Language.BASH, "tcp-port-open", "is port 6379 on cache.internal.net reachable"),
    (Language.BASH, "count-status-codes", "count status codes in /var/log/nginx/api.log"),
    (Language.BASH, "top-client-addresses", "top client ips in /var/log/nginx/api.log"),
    (Language.PROMQL, "error-ratio", "share of 5xx responses of payments"),
    (Language.PROMQL, "latency-quantile", "p95 latency of payments"),
    (Language.PROMQL, "disk-full-soon", "disks that will be full within 12 hours"),
    (Language.PROMQL, "cpu-busy", "cpu utilisation of every host in percent"),
    (Language.PROMQL, "cpu-throttling", "throttled pods in namespace billing"),
    (Language.PROMQL, "memory-used", "memory usage per host in percent"),
    (Language.PROMQL, "oom-killed-containers", "containers killed by the oom killer"),
    (Language.PROMQL, "nodes-not-ready", "nodes that are not ready"),
    (Language.PROMQL, "pods-pending", "pods that are pending"),
    (Language.POSTGRESQL, "long-running-queries", "queries running longer than 10 minutes"),
    (Language.POSTGRESQL, "blocked-queries", "who blocks which queries"),
    (Language.POSTGRESQL, "dead-rows", "tables with the most dead tuples"),
    (Language.POSTGRESQL, "largest-tables", "biggest tables"),
    (Language.POSTGRESQL, "unused-indexes", "unused indexes"),
    (Language.POSTGRESQL, "cache-hit-ratio", "cache hit ratio"),
    (
        Language.POSTGRESQL,
        "idle-in-transaction",
        "sessions idle in transaction for more than 15 minutes",
    ),
    (Language.POSTGRESQL, "read-only-role", "read-only role analyst for schema public"),
    (Language.KUBERNETES, "autoscale-cpu", "autoscale api between 2 and 8 pods by cpu"),
    (Language.KUBERNETES, "deny-all-ingress", "deny all ingress in namespace billing"),
    (
        Language.KUBERNETES,
        "pod-disruption-budget",
        "pod disruption budget for checkout with at least 3 pods",
    ),
    (Language.KUBERNETES, "volume-claim", "persistent volume claim of 100Gi"),
    (Language.KUBERNETES, "daemon-set", "agent on every node"),
    (Language.NGINX, "redirect-to-https", "redirect http to https for shop.example.org"),
    (Language.NGINX, "reverse-proxy", "reverse proxy for api.example.org to http://10.1.2.3:9000"),
    (Language.NGINX, "rate-limit", "limit requests to 5 per second per address"),
    (Language.NGINX, "websocket", "websocket proxy for /socket/"),
    (Language.NGINX, "large-uploads", "allow uploads up to 200M"),
    (Language.NGINX, "basic-auth", "protect /grafana/ with a password"),
    (Language.ANSIBLE, "install-and-start", "install redis and start its service"),
    (Language.ANSIBLE, "rolling-update", "rolling restart of nginx on the web hosts"),
    (Language.ANSIBLE, "user-with-key", "create user bob with an ssh key"),
    (Language.ANSIBLE, "kernel-parameter", "set sysctl net.core.somaxconn to 1024"),
    (Language.ANSIBLE, "open-firewall-port", "open tcp port 9200 in firewalld"),
    (Language.CRON, "weekdays-at", "every weekday at 7 o'clock run /opt/mail"),
    (Language.CRON, "every-n-minutes", "run /opt/poll every 15 minutes"),
    (Language.CRON, "first-of-month", "on the first of every month at 5 o'clock"),
    (Language.CRON, "last-day-of-month", "last day of the month"),
    (Language.JQ, "pods-not-running", "pods that are not running"),
    (Language.JQ, "group-and-count", "count objects by region"),
    (Language.JQ, "sum-per-group", "sum of amount per customer"),
    (Language.SYSTEMD, "daily-timer", "timer that runs /opt/bin/sync every day at 01:15"),
    (Language.SYSTEMD, "service-restart-always", "run /opt/bin/agent and restart it when it fails"),
    (Language.SYSTEMD, "memory-limit-dropin", "limit memory to 2G"),
    (Language.TERRAFORM, "s3-bucket-private", "private s3 bucket acme-invoices with versioning"),
    (
        Language.TERRAFORM,
        "security-group-port",
        "security group that opens port 5432 to 10.2.0.0/16",
    ),
    (Language.REGEX, "ipv4-address", "match an ipv4 address"),
    (Language.REGEX, "uuid", "match a uuid"),
    (Language.REGEX, "email-address", "match e-mail addresses"),
    (Language.MYSQL, "running-statements", "statements running for more than 30 seconds"),
    (Language.MYSQL, "largest-tables", "largest tables of schema crm"),
    (Language.SQLITE, "delete-older-than", "delete rows of logs older than 14 days"),
    (
        Language.LOGQL,
        "count-lines-over-time",
        "how many lines did checkout write per level within 1h",
    ),
    (Language.LOGQL, "error-lines", "error lines of payments"),
    (Language.LOGQL, "lines-with-text", "lines of payments that contain req-9"),
    (
        Language.DOCKERFILE,
        "go-static-binary",
        "go binary in a small image with a multi-stage build",
    ),
    (Language.PYTHON, "percentile", "percentile of a list of numbers"),
    (Language.PYTHON, "http-get-json", "fetch json from https://api.example.org/v1 with a timeout"),
]
_MIN_SHARE_EXCELLENT = 0.85
_MIN_SHARE_FIRST = 0.95


@pytest.mark.parametrize(("language", "asked"), _OTHERS)
async def test_what_asks_for_something_else_is_no_excellent_match(
    language: Language, asked: str
) -> None:
    found = await _COLLECTION.find(language, asked)
    assert all(match.grade is Grade.FAIR for match in found)


def test_most_paraphrases_find_their_snippet() -> None:
    async def firsts() -> list[tuple[str, Grade | None]]:
        found = [await _COLLECTION.find(language, asked) for language, _, asked in _PARAPHRASES]
        return [
            (each[0].snippet.snippet_id, each[0].grade) if each else ("", None) for each in found
        ]

    right = [
        grade
        for (name, grade), (_, wanted, _) in zip(asyncio.run(firsts()), _PARAPHRASES, strict=True)
        if name == wanted
    ]
    assert len(right) >= _MIN_SHARE_FIRST * len(_PARAPHRASES)
    assert right.count(Grade.EXCELLENT) >= _MIN_SHARE_EXCELLENT * len(_PARAPHRASES)


@pytest.mark.parametrize("language", sorted({language for language, *_ in _PARAPHRASES}))
async def test_no_paraphrase_is_answered_with_another_snippet(language: Language) -> None:
    for wanted, asked in ((w, a) for each, w, a in _PARAPHRASES if each is language):
        for match in await _COLLECTION.find(language, asked):
            assert match.grade is Grade.FAIR or match.snippet.snippet_id == wanted


@pytest.mark.parametrize(
    ("asked", "phrasing", "expected"),
    [
        ("redirect https to http", "redirect http to https", True),
        ("redirect http to https", "redirect http to https", False),
        ("pods that run", "pods that are not running", True),
        ("read latency", "write latency", True),
        ("reads and writes", "read latency", False),
        ("删除没有主键的表", "有主键的表", True),
    ],
)
def test_denials_and_turned_directions_contradict(
    asked: str, phrasing: str, expected: bool
) -> None:
    assert contradicts(asked, phrasing) is expected
