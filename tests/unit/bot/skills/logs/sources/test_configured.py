"""What a source's text means, and what a service name brings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.settings import LogSettings
from bot.skills.logs.blocks import Intake
from bot.skills.logs.sources import (
    LogQuery,
    WrongSourceError,
    configured_streams,
    fault_of,
    is_file,
    places_of,
)
from bot.skills.logs.sources.command import CommandStream
from bot.skills.logs.sources.docker import Docker
from bot.skills.logs.sources.elastic import Elastic
from bot.skills.logs.sources.journal import Journal
from bot.skills.logs.sources.kubectl import Kubectl
from bot.skills.logs.sources.loki import Loki
from bot.skills.logs.sources.places import Places
from bot.skills.logs.sources.server import ServerStream
from bot.skills.logs.sources.spec import spec_of

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SETTINGS = LogSettings.model_validate(
    {
        "loki_url": "http://loki:3100",
        "loki_tenant": "shop",
        "loki_token": "s3cret",
        "elastic_url": "https://search:9200",
        "elastic_user": "bot",
        "elastic_password": "pass",
        "elastic_time_field": "time",
        "kubectl_context": "prod",
        "journal_directory": "/j",
        "source_limit_s": 7,
    }
)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("/var/log/app*.log", "/var/log/app*.log"),
        ("C:/logs/app.log", "C:/logs/app.log"),
        ("journal:", Journal()),
        ("journal:user@1000.service", Journal(unit="user@1000.service")),
        ("docker:checkout-1", Docker(container="checkout-1")),
        ("kubectl:shop/app=checkout", Kubectl(namespace="shop", target="app=checkout")),
        ("kubectl:/pod/web-0", Kubectl(target="pod/web-0")),
        (
            "kubectl:shop/app.kubernetes.io/name=checkout,tier=web",
            Kubectl(namespace="shop", target="app.kubernetes.io/name=checkout,tier=web"),
        ),
        ('loki:{app="a"} |= "x:y"', Loki(selector='{app="a"} |= "x:y"')),
        ("elastic:logs-*", Elastic(index="logs-*")),
        (
            "opensearch:logs-*?service:a AND NOT path:?",
            Elastic(index="logs-*", selector="service:a AND NOT path:?"),
        ),
    ],
)
def test_sources_are_read_as_people_write_them(text: str, spec: object) -> None:
    assert spec_of(text) == spec
    assert is_file(text) == isinstance(spec, str)


@pytest.mark.parametrize(
    "text",
    [
        "docker:",
        "docker:--help",
        "docker:a b",
        "journal:--root=/x",
        "kubectl:checkout",
        "kubectl:shop/",
        "kubectl:shop/--kubeconfig=/x",
        "kubectl:-n/app=x",
        'loki:app="a"',
        "elastic:",
        "elastic:../_cluster",
        "elastic:_all/_delete",
    ],
)
def test_a_source_that_means_nothing_or_an_option_is_refused(text: str) -> None:
    with pytest.raises(WrongSourceError):
        spec_of(text)
    assert fault_of(text, Places())
    (stream,) = configured_streams({"a": (text,)}, ())["a"]
    intake = Intake()
    assert list(stream.chunks(LogQuery(), NOW, intake)) == []
    assert len(intake.problems) == 1


def test_a_service_can_have_sources_of_several_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")
    sources = {"a": (str(tmp_path / "a.log"), "docker:a-1", 'loki:{app="a"}', "elastic:logs-*")}
    streams = configured_streams(sources, ("a",), UTC, places_of(SETTINGS))["a"]
    assert [stream.name for stream in streams] == ["a.log", *sources["a"][1:]]


def test_programs_and_servers_are_where_the_settings_say() -> None:
    sources = {"a": ("journal:a", "kubectl:shop/app=a", 'loki:{app="a"}', "elastic:logs-*")}
    places = places_of(SETTINGS)
    journal, kubectl, loki, elastic = configured_streams(sources, (), UTC, places)["a"]
    assert isinstance(journal, CommandStream)
    assert journal.program == Journal(unit="a", directory=Path("/j"))
    assert isinstance(kubectl, CommandStream)
    assert kubectl.program == Kubectl(namespace="shop", target="app=a", context="prod")
    assert isinstance(loki, ServerStream)
    assert loki.endpoint.headers == {"X-Scope-OrgID": "shop", "Authorization": "Bearer s3cret"}
    assert isinstance(elastic, ServerStream)
    assert elastic.endpoint.headers == {"Authorization": "Basic Ym90OnBhc3M="}
    assert elastic.api == Elastic(index="logs-*", time_field="time")
    assert loki.limits.total_s == 7
    assert loki.limits.stop is journal.limits.stop


def test_one_signal_stops_files_programs_and_servers_of_a_question(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")
    sources = {"a": (str(tmp_path / "a.log"), "journal:a", 'loki:{app="a"}')}
    places = places_of(SETTINGS)
    places.limits.stop.set()
    for stream in configured_streams(sources, (), UTC, places)["a"]:
        intake = Intake()
        assert list(stream.chunks(LogQuery(), NOW, intake)) == []
        assert "reading was stopped" in intake.problems[-1]


def test_secrets_are_not_shown() -> None:
    assert "s3cret" not in repr(places_of(SETTINGS))


def test_a_server_that_is_not_configured_is_said() -> None:
    assert fault_of('loki:{app="a"}', Places()) == 'loki:{app="a"}: logs.loki_url is not set'
    assert fault_of("elastic:logs-*", Places()) == "elastic:logs-*: logs.elastic_url is not set"
    assert fault_of("elastic:logs-*", places_of(SETTINGS)) == ""
