"""The incident in the page: asked, read, refused, approved and healed in headless Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.stage import Stage
from bot.workspace import seed

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.model,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


async def act_as(page: Page, user_id: str) -> None:
    await page.locator(f"[data-user={user_id}]").first.click()


async def ask(page: Page, text: str) -> None:
    composer = page.locator("#composer-main")
    await composer.click()
    await composer.press_sequentially(text)
    await composer.press("Enter")


async def solve(page: Page, shots: Path) -> Locator:
    """Ask as the on-call engineer, be refused, approve as the approver; returns the thread."""
    await act_as(page, seed.MAYA)
    await ask(page, "@opsbot why is checkout failing?")
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text("pool exhausted").first).to_be_visible(timeout=10_000)
    await page.screenshot(path=shots / "evidence.png")
    approve = thread.get_by_role("button", name="Approve")
    await expect(approve).to_be_visible(timeout=120_000)
    await page.screenshot(path=shots / "proposal.png")
    await approve.click()
    await expect(thread.get_by_text("Not counted")).to_be_visible(timeout=10_000)
    await act_as(page, seed.JONAS)
    await approve.click()
    return thread


async def test_the_incident_is_solved_in_the_page(stage: Stage, tmp_path: Path) -> None:
    problems: list[str] = []
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(stage.workspace.url)
        thread = await solve(page, tmp_path)
        await expect(thread.get_by_text("every step succeeded")).to_be_visible(timeout=60_000)
        await expect(thread.get_by_text("verified: GET answered 200")).to_be_visible()
        await page.screenshot(path=tmp_path / "succeeded.png")
        await browser.close()
    assert not problems
    assert all(
        (tmp_path / name).stat().st_size > 20_000 for name in ("evidence.png", "succeeded.png")
    )
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{stage.incident.checkout_url}/health", timeout=5)
    assert answer.status_code == 200
