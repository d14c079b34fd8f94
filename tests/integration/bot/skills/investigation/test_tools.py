"""The tools against a server, a repository and a client program that are real."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.evaluation.incidents_sim.building import Herring, Plan, build
from bot.evaluation.incidents_sim.fake_prometheus import serving
from bot.evaluation.incidents_sim.incident import SimulatedCommit
from bot.evaluation.incidents_sim.log_files import write_logs
from bot.evaluation.incidents_sim.repository import make_repository
from bot.messages import Actor, Request, ThreadRef
from bot.settings import LogSettings
from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Stance
from bot.skills.investigation.errors import LookFailedError
from bot.skills.investigation.prometheus import Prometheus, PrometheusPlace
from bot.skills.investigation.tools.alerts import AlertsTool
from bot.skills.investigation.tools.base import Asked
from bot.skills.investigation.tools.changes import ChangesTool
from bot.skills.investigation.tools.cluster import ClusterTool
from bot.skills.investigation.tools.logs import LogsTool
from bot.skills.investigation.tools.metrics import MetricsTool
from bot.skills.logs.analysis import Window
from bot.skills.logs.digest import estimate_tokens
from bot.skills.logs.looking import looking
from bot.skills.logs.sources.kubectl import Kubectl

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ASKED = Asked(
    request=Request(
        request_id="r1",
        text="investigate checkout",
        actor=Actor(user_id="U1", team_id="T1", name="Maya"),
        thread=ThreadRef("C1", "1.0"),
        received_at=NOW,
    ),
    zone=UTC,
)
Answers = Callable[[Callable[[web.Request], Any]], Any]


def case() -> CaseFile:
    window = Window(start=NOW - timedelta(hours=1), end=NOW, baseline_s=3600.0)
    return CaseFile(("checkout",), ("checkout", "checkout-db", "search"), window)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
async def answering() -> AsyncIterator[Answers]:
    runners: list[web.AppRunner] = []

    async def start(handler: Callable[[web.Request], Any]) -> Prometheus:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return Prometheus(
            PrometheusPlace(
                url=url, headers={"Authorization": "Bearer t"}, timeout_s=1.0, max_bytes=2000
            )
        )

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_an_anomaly_is_found_where_it_began_and_the_rest_is_clear() -> None:
    plan = Plan(
        name="x", chain=("checkout",), bystanders=("search",), cause="disk_full", now=NOW,
        began_min=20, herrings=(Herring.ALERT,),
    )  # fmt: skip
    async with serving(build(plan), 1) as url:
        server = Prometheus(PrometheusPlace(url=url))
        metrics = await MetricsTool(server, overrides={}, own={}).look("checkout", case(), ASKED)
        alerts = await AlertsTool(server).look("checkout", case(), ASKED)
    began = {each.signal: each for each in metrics.clues if each.stance is Stance.BEGAN}
    at = began["disk_full"].at
    assert at is not None
    assert ago(33) < at < ago(19)
    assert {"cpu", "oom"} <= {c.signal for c in metrics.clues if c.stance is Stance.CLEAR}
    assert [each.stance for each in alerts.clues] == [Stance.USUAL]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (web.json_response({"error": "too many samples"}, status=422), "422: too many samples"),
        (web.Response(text="<html>"), "not that of Prometheus"),
        (web.Response(body=b"x" * 3000), "more than 2,000 bytes"),
        (
            web.json_response(
                {"data": {"resultType": "matrix", "result": [{"values": []}, {"values": []}]}}
            ),
            "more than one series",
        ),
    ],
)
async def test_a_wrong_answer_is_one_sentence(
    answering: Answers, answer: web.Response, said: str
) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t"
        return answer

    server = await answering(handler)
    with pytest.raises(LookFailedError, match=said):
        await server.points("up", 0.0, 60.0, 15.0)


async def test_a_server_that_is_gone_is_said() -> None:
    server = Prometheus(PrometheusPlace(url="http://127.0.0.1:9", timeout_s=1.0))
    with pytest.raises(LookFailedError, match="cannot be reached"):
        await server.alerts()


async def test_values_that_are_no_numbers_are_left_out(answering: Answers) -> None:
    values = [[0, "1"], [15, "NaN"], [30, "+Inf"], [45, "2"]]

    async def handler(_request: web.Request) -> web.Response:
        data = {"resultType": "matrix", "result": [{"values": values}]}
        return web.json_response({"data": data})

    server = await answering(handler)
    assert await server.points("up", 0.0, 60.0, 15.0) == ((0.0, 1.0), (45.0, 2.0))


async def test_commits_are_told_of_the_service_they_touch(tmp_path: Path) -> None:
    commits = (
        SimulatedCommit(at=ago(4000), subject="old", path="services/checkout/a.py"),
        SimulatedCommit(at=ago(30), subject="tune | the `pool`", path="services/checkout/b.py"),
        SimulatedCommit(at=ago(20), subject="vacuum", path="services/checkout-db/c.sql"),
        SimulatedCommit(at=ago(10), subject="search: new index", path="README.md"),
    )
    clone = make_repository(tmp_path / "clone", commits)
    look = await ChangesTool((clone,)).look("checkout", case(), ASKED)
    assert [(c.service, c.at) for c in look.clues] == [
        ("checkout", ago(30)),
        ("search", ago(10)),
        ("checkout-db", ago(20)),
    ]
    assert "tune | the 'pool'" in look.clues[0].text
    assert look.note == "3 commits, of these about checkout: 1"


async def test_a_folder_without_a_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(LookFailedError, match="not a git repository"):
        await ChangesTool((tmp_path,)).look("checkout", case(), ASKED)


def event(reason: str, message: str, minutes: float, **more: Any) -> dict[str, Any]:
    at = ago(minutes).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "involvedObject": {"kind": "Pod", "name": "checkout-7d9f-x1"},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "firstTimestamp": at,
        "lastTimestamp": at,
        **more,
    }


async def test_cluster_events_tell_kills_and_rollouts(tmp_path: Path) -> None:
    items = [
        event("OOMKilling", "Memory cgroup out of memory: Killed process 9", 12, count=3),
        event("ScalingReplicaSet", "Scaled up replica set checkout-7d9f to 3", 15, type="Normal"),
        event("Pulled", "Container image already present", 14, type="Normal"),
        event("BackOff", "Back-off restarting failed container", 11)
        | {"involvedObject": {"kind": "Pod", "name": "other-1"}},
    ]
    answer = tmp_path / "events.json"
    answer.write_text(json.dumps({"items": items}))
    client = tmp_path / "kubectl"
    client.write_text(f'#!/bin/sh\n[ "$2" = get ] && cat {answer}\n')
    client.chmod(0o755)
    place = Kubectl(target="deployment/checkout", namespace="shop", program=str(client))
    tool = ClusterTool({"checkout": place})
    look = await tool.look("checkout", case(), ASKED)
    assert [each.signal for each in look.clues] == ["deploy", "oom"]
    assert [each.is_symptom for each in look.clues] == [False, True]
    assert not tool.can_look_at("search")


async def test_a_client_that_fails_says_why(tmp_path: Path) -> None:
    client = tmp_path / "kubectl"
    client.write_text("#!/bin/sh\necho 'no such namespace' >&2\nexit 1\n")
    client.chmod(0o755)
    tool = ClusterTool({"checkout": Kubectl(target="app=checkout", program=str(client))})
    with pytest.raises(LookFailedError, match="no such namespace"):
        await tool.look("checkout", case(), ASKED)


async def test_a_failure_is_seen_although_all_went_silent_after_it(tmp_path: Path) -> None:
    ended = NOW - timedelta(minutes=20)
    plan = Plan(
        name="x", chain=("checkout",), bystanders=("search",), cause="disk_full", now=ended,
        began_min=12,
    )  # fmt: skip
    settings = LogSettings(sources=write_logs(build(plan), tmp_path, 1))
    look = partial(looking, settings, zone=UTC, book=None, count_tokens=estimate_tokens)
    seen = await LogsTool(look, ("checkout",)).look("checkout", case(), ASKED)
    began = {each.signal: each for each in seen.clues if each.stance is Stance.BEGAN}
    at = began["disk_full"].at
    assert at is not None
    assert ended - timedelta(minutes=12) <= at < ended - timedelta(minutes=10)
