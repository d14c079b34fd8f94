"""HTTP targets: credentials go to the service and to nobody else."""

from __future__ import annotations

from runbooks.actions.base import ActionContext, ActionResult, collect
from runbooks.actions.http import HttpRunner
from runbooks.actions.kinds import HttpAction
from runbooks.targets import HttpTarget, SqlTarget, Targets

from .conftest import WebServer

SECRET = "opensesame-1234567"


async def run(url: str, action: HttpAction) -> ActionResult:
    target = HttpTarget(base_url=f"{url}/", headers={"Authorization": f"Bearer {SECRET}"})
    targets = Targets(by_name={"api": target, "db": SqlTarget(url="sqlite:///x")})
    return await collect(HttpRunner(targets), action, ActionContext())


async def test_method_headers_and_body_arrive(web_server: WebServer) -> None:
    action = HttpAction(
        url="/say", target="api", method="PUT", headers={"X-Why": "test"}, body='{"a": "é"}'
    )
    assert (await run(web_server.url, action)).ok
    ((method, path, headers, body),) = web_server.seen
    assert (method, path, headers["x-why"], body.decode()) == ("PUT", "/say", "test", '{"a": "é"}')
    assert headers["authorization"] == f"Bearer {SECRET}"


async def test_credentials_that_are_sent_back_do_not_come_out(web_server: WebServer) -> None:
    result = await run(web_server.url, HttpAction(url="/mirror", target="api"))
    assert result.ok
    assert "authorization" in result.output
    assert SECRET not in result.output


async def test_without_the_target_no_credentials_go_out(web_server: WebServer) -> None:
    assert (await run(web_server.url, HttpAction(url=f"{web_server.url}/say"))).ok
    ((_, _, headers, _),) = web_server.seen
    assert "authorization" not in headers


async def test_a_redirect_is_not_followed(web_server: WebServer) -> None:
    result = await run(web_server.url, HttpAction(url="/redirect", target="api"))
    assert result.detail == "GET answered 302, expected 200"
    assert len(web_server.seen) == 1


async def test_a_target_takes_only_a_path(web_server: WebServer) -> None:
    result = await run(web_server.url, HttpAction(url="https://evil.example/", target="api"))
    assert "the url must be a path" in result.detail
    assert not web_server.seen


async def test_a_target_of_another_kind_is_a_sentence(web_server: WebServer) -> None:
    result = await run(web_server.url, HttpAction(url="/say", target="db"))
    assert result.detail == "target 'db' is sql: it cannot do this"
