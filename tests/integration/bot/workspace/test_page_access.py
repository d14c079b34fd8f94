"""Only the person at this machine, with the whole address, reaches the page."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import httpx
import pytest

from bot.workspace import Workspace, seed
from bot.workspace.errors import PortError

MESSAGE = {"user": seed.MAYA, "channel": seed.GENERAL, "text": "hi"}


@pytest.fixture
async def web(workspace: Workspace) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=workspace.url, trust_env=False) as client:
        yield client


def origin(workspace: Workspace) -> dict[str, str]:
    return {"Origin": workspace.base_url}


def test_it_listens_on_loopback_only(workspace: Workspace) -> None:
    assert urlsplit(workspace.url).hostname == "127.0.0.1"


async def test_a_port_in_use_is_refused_with_advice(workspace: Workspace) -> None:
    port = urlsplit(workspace.url).port
    with pytest.raises(PortError, match="choose another port"):
        await Workspace().start(port or 0)


async def test_the_page_forbids_everything_from_elsewhere(web: httpx.AsyncClient) -> None:
    answer = await web.get("")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_every_file_the_page_names_exists(web: httpx.AsyncClient) -> None:
    page = (await web.get("")).text
    names = [part.split('"')[0] for part in page.split('"static/')[1:]]
    assert names
    for name in names:
        assert (await web.get(f"static/{name}")).status_code == 200
    assert (await web.get("static/../server.py")).status_code == 404


async def test_a_wrong_token_finds_nothing(workspace: Workspace) -> None:
    async with httpx.AsyncClient(base_url=workspace.base_url, trust_env=False) as web:
        for path in ("/w/guess/", "/w/guess/state", "/w/guess/events", "/w/guess/static/app.js"):
            assert (await web.get(path)).status_code == 404
        posted = await web.post("/w/guess/ui/message", json=MESSAGE, headers=origin(workspace))
        assert posted.status_code == 404
    assert list(workspace.state.messages()) == []


async def test_another_host_name_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.get("state", headers={"Host": "evil.example"})
    assert answer.status_code == 421


@pytest.mark.parametrize("sent", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {}])
async def test_a_post_from_elsewhere_or_nowhere_is_refused(
    workspace: Workspace, web: httpx.AsyncClient, sent: dict[str, str]
) -> None:
    assert (await web.post("ui/message", json=MESSAGE, headers=sent)).status_code == 403
    assert list(workspace.state.messages()) == []


async def test_the_page_itself_may_post(workspace: Workspace, web: httpx.AsyncClient) -> None:
    posted = await web.post("ui/message", json=MESSAGE, headers=origin(workspace))
    assert posted.status_code == 200
    assert [m.text for m in workspace.state.messages()] == ["hi"]


@pytest.mark.parametrize(
    ("name", "body", "part"),
    [
        ("message", {**MESSAGE, "text": " "}, "empty"),
        ("message", {**MESSAGE, "text": "x" * 40_001}, "40,000"),
        ("message", {**MESSAGE, "user": seed.BOT_USER_ID}, "no such person"),
        ("message", {**MESSAGE, "channel": seed.direct_channel_id(seed.JONAS)}, "not in that"),
        ("message", {**MESSAGE, "thread_ts": "1.000001"}, "no longer exists"),
        ("submit", {"view_id": "V0"}, "closed"),
        (
            "shortcut",
            {**MESSAGE, "ts": "1.0", "callback_id": "analyse_message"},
            "no longer exists",
        ),
        ("react", {**MESSAGE, "ts": "1.0", "name": "no emoji"}, "no such emoji"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(
    workspace: Workspace, web: httpx.AsyncClient, name: str, body: dict[str, str], part: str
) -> None:
    answer = await web.post(f"ui/{name}", json=body, headers=origin(workspace))
    assert answer.status_code == 409
    assert part in answer.json()["error"]


async def test_an_uploaded_page_is_never_shown_as_one(
    workspace: Workspace, web: httpx.AsyncClient
) -> None:
    sent = await web.post(
        "ui/upload",
        params={"name": "x.html", "user": seed.MAYA},
        content=b"<script>alert(1)</script>",
        headers=origin(workspace),
    )
    file = sent.json()["file"]
    shown = await web.get(f"files/{file['id']}/x.html")
    assert shown.headers["Content-Type"] == "application/octet-stream"
    assert shown.headers["Content-Disposition"] == "attachment"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
