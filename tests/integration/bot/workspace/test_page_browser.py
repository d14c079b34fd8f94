"""The page in a real browser: ask, read, approve, fill in a modal, stay safe."""

from __future__ import annotations

import base64
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace, seed

Connect = Callable[[Workspace, Callable[[Any], None]], AbstractAsyncContextManager[Any]]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"

# Eight grey pixels by eight.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR4nGNogAIGyhgAgIQgAQ2AJGEA"
    "AAAASUVORK5CYII="
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture
async def page(workspace: Workspace) -> AsyncGenerator[Page]:
    """The open page; it fails the test when it asks another host for anything or errs."""
    faults: list[str] = []
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = await browser.new_page(viewport={"width": 1280, "height": 800})
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("request", lambda request: _note(request.url, workspace.base_url, faults))
        await tab.goto(workspace.url)
        await tab.locator(".person[aria-checked=true]").wait_for()
        yield tab
        await browser.close()
    assert faults == []


def _note(url: str, base_url: str, faults: list[str]) -> None:
    if not url.startswith((base_url, "data:", "blob:")):
        faults.append(f"request to {url}")


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def card(text: str, *, decided: bool = False) -> list[dict[str, Any]]:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    if decided:
        return [section]
    confirm = {
        "title": plain("Run this?"),
        "text": plain("It runs at once."),
        "confirm": plain("Yes, run"),
        "deny": plain("No"),
    }
    approve = {
        "type": "button",
        "action_id": "approve",
        "text": plain("Approve"),
        "confirm": confirm,
    }
    reject = {"type": "button", "action_id": "reject", "text": plain("Reject")}
    return [section, {"type": "actions", "block_id": "decide", "elements": [approve, reject]}]


def demo_bot(app: Any) -> None:
    """Proposes a restart; approvers approve, everybody may reject with a reason."""

    @app.event("app_mention")
    async def propose(event: dict[str, Any], client: Any) -> None:
        place = {"channel": event["channel"], "thread_ts": event["ts"]}
        await client.chat_postMessage(**place, text="Proposal", blocks=card("*Restart* `checkout`"))
        await client.assistant_threads_setStatus(
            channel_id=event["channel"], thread_ts=event["ts"], status="is waiting"
        )

    @app.event("message")
    async def heard() -> None:
        pass

    @app.action("approve")
    async def approve(ack: Any, body: dict[str, Any], client: Any, respond: Any) -> None:
        await ack()
        if body["user"]["id"] not in seed.APPROVERS:
            await respond(text="An approver has to do this.", response_type="ephemeral")
            return
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        blocks = card(f"approved by <@{body['user']['id']}>", decided=True)
        await client.chat_update(**place, text="approved", blocks=blocks)

    @app.action("reject")
    async def reject(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        entry = {"type": "plain_text_input", "action_id": "v"}
        block = {"type": "input", "block_id": "why", "label": plain("Reason"), "element": entry}
        view = {"type": "modal", "callback_id": "why", "title": plain("Reject"), "blocks": [block]}
        await client.views_open(
            trigger_id=body["trigger_id"], view={**view, "submit": plain("Send")}
        )

    @app.view("why")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        reason = view["state"]["values"]["why"]["v"]["value"]
        if len(reason) < 5:
            await ack(response_action="errors", errors={"why": "Say a little more."})
        else:
            await ack()


async def ask(page: Page, text: str) -> None:
    box = page.locator("#composer-main")
    await box.fill(text)
    await box.press("Enter")


async def act_as(page: Page, user_id: str) -> None:
    await page.locator(f'[data-user="{user_id}"]').click()


async def test_asked_by_one_person_and_approved_by_another(
    workspace: Workspace, connect: Connect, page: Page
) -> None:
    async with connect(workspace, demo_bot):
        await act_as(page, seed.MAYA)
        await page.get_by_role("button", name="why is checkout failing?").click()
        await expect(page.locator("#composer-main")).to_have_value(seed.PROMPTS[0])
        await page.locator("#composer-main").press("Enter")
        thread = page.get_by_role("complementary", name="Thread")
        await expect(thread.get_by_text("Restart checkout")).to_be_visible()
        await expect(thread.get_by_text("opsbot is waiting")).to_be_visible()
        await thread.get_by_role("button", name="Approve").click()
        await page.get_by_role("button", name="Yes, run").click()
        await expect(thread.get_by_text("An approver has to do this.")).to_be_visible()
        await act_as(page, seed.JONAS)
        await expect(thread.get_by_text("An approver has to do this.")).to_have_count(0)
        await thread.get_by_role("button", name="Approve").click()
        await page.get_by_role("button", name="Yes, run").click()
        await expect(thread.get_by_text("approved by @jonas")).to_be_visible()
        await expect(thread.get_by_role("button", name="Approve")).to_have_count(0)
    sent = next(m for m in workspace.state.messages(seed.INCIDENTS) if m.bot_id is None)
    assert sent.text == f"<@{seed.BOT_USER_ID}> why is checkout failing?"


async def test_times_are_of_the_person_one_acts_as_and_signs_are_drawn(
    workspace: Workspace, page: Page
) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    await act_as(page, seed.MAYA)
    await client.chat_postMessage(channel=seed.INCIDENTS, text=":raised_hand: please do")
    shown = page.get_by_text("please do")
    await expect(shown).to_have_text("\u270b please do")
    time = page.locator("article time").last
    before = await time.inner_text()
    await act_as(page, seed.JONAS)
    await expect(time).not_to_have_text(before)


async def test_a_modal_complains_then_closes(
    workspace: Workspace, connect: Connect, page: Page
) -> None:
    async with connect(workspace, demo_bot):
        await act_as(page, seed.PRIYA)
        await ask(page, "@opsbot restart")
        await page.get_by_role("button", name="Reject").click()
        modal = page.get_by_role("dialog", name="Reject")
        await modal.get_by_role("button", name="Send").click()
        await expect(modal.get_by_text("Please fill this in.")).to_be_visible()
        await modal.get_by_label("Reason").fill("no")
        await modal.get_by_role("button", name="Send").click()
        await expect(modal.get_by_text("Say a little more.")).to_be_visible()
        await modal.get_by_label("Reason").fill("a backup runs")
        await modal.get_by_role("button", name="Send").click()
        await expect(modal).to_have_count(0)


async def test_escape_dismisses_a_modal_on_the_server_too(
    workspace: Workspace, connect: Connect, page: Page
) -> None:
    async with connect(workspace, demo_bot):
        await act_as(page, seed.PRIYA)
        await ask(page, "@opsbot restart")
        await page.get_by_role("button", name="Reject").click()
        await page.get_by_role("dialog", name="Reject").wait_for()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await workspace.wait_for(lambda: workspace.core.views.all() == [] or None)


async def test_content_is_never_markup(workspace: Workspace, page: Page) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*s* {HOSTILE}"}},
        {"type": "markdown", "text": f"# m\n{HOSTILE}\n[x](javascript:alert(1))"},
        {"type": "header", "text": plain(HOSTILE)},
        {"type": "image", "image_url": "https://evil.example/p.png", "alt_text": HOSTILE},
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}]}
            ],
        },
    ]
    await client.chat_postMessage(channel=seed.INCIDENTS, text=HOSTILE, blocks=blocks)
    workspace.people.say(seed.GUEST, seed.INCIDENTS, HOSTILE)
    message = page.locator("#channel .message")
    await expect(message).to_have_count(2)
    await expect(message.locator("img[src=x], script, a[href^=javascript]")).to_have_count(0)
    assert "owned" not in await page.title()


async def test_an_edit_keeps_the_nodes_that_did_not_change(
    workspace: Workspace, page: Page
) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    posted = await client.chat_postMessage(
        channel=seed.INCIDENTS, text="a", blocks=[*card("first"), *card("second", decided=True)]
    )
    button = page.get_by_role("button", name="Approve")
    await button.focus()
    handle = await button.element_handle()
    blocks = posted["message"]["blocks"]
    blocks[2]["text"]["text"] = "third"
    await client.chat_update(channel=seed.INCIDENTS, ts=posted["ts"], text="a", blocks=blocks)
    await expect(page.get_by_text("third")).to_be_visible()
    assert handle is not None
    assert await handle.evaluate("node => node.isConnected && node === document.activeElement")


async def test_mentions_complete_files_attach_and_long_pastes_become_files(
    workspace: Workspace, page: Page
) -> None:
    await act_as(page, seed.MAYA)
    box = page.locator("#composer-main")
    await box.press_sequentially("@ops")
    await expect(page.get_by_role("option", name="opsbot")).to_be_visible()
    await box.press("Enter")
    await expect(box).to_have_value("@opsbot ")
    await box.press_sequentially("a < b & #checkout")
    await page.keyboard.press("Escape")
    await page.locator("#channel input[type=file]").set_input_files(
        {"name": "app.log", "mimeType": "text/plain", "buffer": b"ERROR pool exhausted"}
    )
    await box.evaluate(
        """box => { const data = new DataTransfer(); data.setData("text/plain", "x".repeat(5000));
        box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true })); }"""
    )
    await expect(page.locator(".chip")).to_have_count(2)
    await box.press("Enter")
    await expect(page.locator(".file-preview").first).to_contain_text("ERROR pool exhausted")
    (sent,) = workspace.state.messages(seed.INCIDENTS)
    mention, channel = f"<@{seed.BOT_USER_ID}>", f"<#{seed.CHECKOUT}|checkout>"
    assert sent.text == f"{mention} a &lt; b &amp; {channel}"
    names = [workspace.state.files[file_id].name for file_id in sent.file_ids]
    assert names == ["app.log", "pasted-text.txt"]


async def test_unread_marks_other_channels_and_goes_when_read(
    workspace: Workspace, page: Page
) -> None:
    await act_as(page, seed.MAYA)
    workspace.people.say(seed.JONAS, seed.CHECKOUT, "news")
    entry = page.locator(f'[data-channel="{seed.CHECKOUT}"]')
    await expect(entry.locator(".count")).to_have_text("1")
    await entry.click()
    await expect(page.get_by_text("news")).to_be_visible()
    await page.locator(f'[data-channel="{seed.INCIDENTS}"]').click()
    await expect(entry.locator(".count")).to_have_count(0)


async def test_the_inspector_shows_the_traffic(workspace: Workspace, page: Page) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    await client.auth_test()
    await page.get_by_role("button", name="Raw traffic").click()
    await page.get_by_role("option", name="auth.test").click()
    await expect(page.locator(".traffic-detail")).to_contain_text(seed.BOT_ID)
    assert workspace.bot_token not in await page.content()


async def test_a_phone_shows_one_column_without_sideways_scrolling(
    workspace: Workspace, connect: Connect, page: Page
) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    async with connect(workspace, demo_bot):
        await ask(page, "@opsbot restart")
        await expect(page.get_by_role("button", name="Approve")).to_be_visible()
        await expect(page.locator("#composer-main")).to_be_hidden()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        await page.get_by_role("button", name="Close thread").click()
        await expect(page.locator("#composer-main")).to_be_visible()
        await page.get_by_role("button", name="Channels").click()
        await page.locator(f'[data-channel="{seed.GENERAL}"]').click()
        await expect(page.get_by_role("heading", name="#general", exact=True)).to_be_visible()


async def test_a_shortcut_is_used_on_a_message(
    workspace: Workspace, connect: Connect, page: Page
) -> None:
    seen: list[dict[str, Any]] = []

    def listen(app: Any) -> None:
        @app.message_shortcut("analyse_message")
        async def used(ack: Any, body: dict[str, Any], respond: Any) -> None:
            await ack()
            seen.append(body)
            await respond(text="I see it.", response_type="ephemeral", replace_original=False)

        @app.event("message")
        async def heard() -> None:
            pass

    async with connect(workspace, listen):
        said = workspace.people.say(seed.JONAS, seed.INCIDENTS, "ERROR x")
        await page.get_by_text("ERROR x").hover()
        await page.get_by_role("button", name="Analyse this").click()
        await expect(page.get_by_text("I see it.")).to_be_visible()
    (body,) = seen
    assert (body["message"]["text"], body["message_ts"]) == ("ERROR x", said.ts)


async def test_an_uploaded_picture_is_shown_with_its_words(
    workspace: Workspace, page: Page
) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    await client.files_upload_v2(
        channel=seed.INCIDENTS,
        file_uploads=[
            {"filename": "errors.png", "content": PIXEL, "alt_txt": "Errors rise at 10:02."},
            {"filename": "report.md", "content": "# Report"},
        ],
    )
    await expect(page.get_by_role("img", name="Errors rise at 10:02.")).to_be_visible()
    await expect(page.locator(".file-preview")).to_contain_text("# Report")
