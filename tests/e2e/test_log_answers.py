"""Log answers and their buttons through real Bolt, a real socket, a real database, real files."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store.log_marks import MarkKind
from bot.workspace import seed
from bot.workspace.json_values import JsonObject
from bot.workspace.records import Message
from bot.workspace.server import running_workspace

from .log_bot import log_bot_on, settings_for, write_logs
from .visitor import Visitor, shown

MORE, YESTERDAY, IGNORE = "log_order:0", "log_order:1", "log_mark:2"


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    write_logs(tmp_path, datetime.now(UTC))
    async with running_workspace() as workspace:
        yield Visitor(workspace)


async def answered(visitor: Visitor, user_id: str = seed.MAYA) -> tuple[Message, Message]:
    asked = visitor.mention(user_id, "why is shop failing?")
    answer = await visitor.sees(asked.ts, lambda text: IGNORE in text and "feedback" in text)
    return asked, answer


async def fill_in(visitor: Visitor, user_id: str, reason: str, kind: str = "ignored") -> JsonObject:
    """Fill and submit the form for the top message; gives the form's complaints."""
    core = visitor.workspace.core
    view = await visitor.workspace.wait_for(lambda: core.views.top(user_id))
    values: JsonObject = {
        "message": {"message": {"type": "static_select", "selected_option": {"value": "1"}}},
        "kind": {"kind": {"type": "radio_buttons", "selected_option": {"value": kind}}},
        "reason": {"reason": {"type": "plain_text_input", "value": reason}},
    }
    return await visitor.workspace.interactions.submit(view.view_id, values)


async def test_the_answer_has_a_table_and_three_buttons(visitor: Visitor, tmp_path: Path) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, answer = await answered(visitor)
    kinds = [block["type"] for block in answer.blocks]
    assert "table" in kinds
    text = shown(answer)
    for label in ("More context", "Compare with yesterday", "Ignore this template"):
        assert label in text


async def test_more_context_shows_the_lines_around_after_a_restart(
    visitor: Visitor, tmp_path: Path
) -> None:
    settings = settings_for(visitor.workspace, tmp_path)
    async with log_bot_on(visitor.workspace, settings):
        asked, answer = await answered(visitor)
    async with log_bot_on(visitor.workspace, settings):
        await visitor.press(seed.JONAS, answer, MORE)
        more = await visitor.sees(asked.ts, lambda text: "around shop.log:2001" in text)
    text = shown(more)
    # 1,200 lines of yesterday and 800 good ones stand before the first bad line.
    assert "&gt;2001  " in text
    assert " 2000  " in text
    assert "POST /buy 200 3 ms" in text
    assert "hunter2secret" not in text


async def test_a_log_that_was_rotated_is_found_where_it_is_now(
    visitor: Visitor, tmp_path: Path
) -> None:
    settings = settings_for(visitor.workspace, tmp_path)
    async with log_bot_on(visitor.workspace, settings):
        asked, answer = await answered(visitor)
        log = tmp_path / "shop.log"
        log.rename(tmp_path / "shop.log.1")
        log.write_text("nothing yet\n", encoding="utf-8")
        await visitor.press(seed.JONAS, answer, MORE)
        await visitor.sees(asked.ts, lambda text: "now at shop.log.1:2001" in text)


async def test_yesterday_is_compared_with(visitor: Visitor, tmp_path: Path) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, answer = await answered(visitor)
        await visitor.press(seed.JONAS, answer, YESTERDAY)
        compared = await visitor.sees(
            asked.ts, lambda text: "Compared with the same window yesterday" in text
        )
    text = shown(compared)
    # The file ended when it was written, some seconds before the window's end.
    assert re.search(r"yesterday (?:7[0-9]{2}|800)\)", text)
    assert "pool exhausted" in text
    assert " NEW" in text


async def test_an_ignored_template_is_folded_and_counted_and_can_be_taken_back(
    visitor: Visitor, tmp_path: Path
) -> None:
    settings = settings_for(visitor.workspace, tmp_path)
    async with log_bot_on(visitor.workspace, settings) as book:
        asked, answer = await answered(visitor)
        await visitor.press(seed.JONAS, answer, IGNORE)
        assert await fill_in(visitor, seed.JONAS, " ") != {}
        assert await fill_in(visitor, seed.JONAS, "load test <!channel>") == {}
        await visitor.sees(asked.ts, lambda text: "is ignored: load test &lt;!channel&gt;" in text)
        (mark,) = book.marks.all()
        assert (mark.kind, mark.name, mark.service) == (MarkKind.IGNORED, "Jonas Weber", "shop")
    async with log_bot_on(visitor.workspace, settings) as book:
        _, again = await answered(visitor)
        assert "pool exhausted" not in shown(again)
        assert "100 lines of 1 ignored template" in shown(again)
        listed = visitor.mention(seed.PRIYA, "ignored templates")
        entry = await visitor.sees(listed.ts, lambda text: "Jonas Weber" in text)
        assert f"*{mark.mark_id}*" in shown(entry)
        taken = visitor.mention(seed.PRIYA, f"take back {mark.mark_id}")
        await visitor.sees(taken.ts, lambda text: "Priya Nair took it back" in text)
        assert book.marks.all() == ()
        _, third = await answered(visitor)
        assert "pool exhausted" in shown(third)


async def test_a_known_issue_stays_and_is_named(visitor: Visitor, tmp_path: Path) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, answer = await answered(visitor)
        await visitor.press(seed.JONAS, answer, IGNORE)
        await fill_in(visitor, seed.JONAS, "SHOP-12, fixed on Monday", kind="known")
        await visitor.sees(asked.ts, lambda text: "is a known issue" in text)
        _, again = await answered(visitor)
    text = shown(again)
    assert "pool exhausted" in text
    assert "[1] is known: SHOP-12, fixed on Monday (Jonas Weber" in text


async def test_a_guest_sets_no_mark(visitor: Visitor, tmp_path: Path) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)) as book:
        asked, answer = await answered(visitor)
        await visitor.press(seed.GUEST, answer, IGNORE)
        await fill_in(visitor, seed.GUEST, "I may not")
        await visitor.sees(asked.ts, lambda text: "Only members of this workspace" in text)
        assert book.marks.all() == ()


async def test_a_submission_delivered_twice_sets_one_mark_and_answers_once(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)) as book:
        asked, answer = await answered(visitor)
        await visitor.press(seed.JONAS, answer, IGNORE)
        await fill_in(visitor, seed.JONAS, "twice")
        await visitor.sees(asked.ts, lambda text: "is ignored" in text)
        submission = visitor.workspace.traffic.deliveries[-1]
        for delivery in visitor.workspace.traffic.deliveries:
            if delivery.payload.get("type") == "view_submission":
                submission = delivery
        sockets = visitor.workspace.core.sockets
        await sockets.send_interaction("interactive", submission.payload)
        listed = visitor.mention(seed.PRIYA, "ignored templates")
        await visitor.sees(listed.ts, lambda text: "Jonas Weber" in text)
        assert len(book.marks.all()) == 1
    said = [m for m in visitor.workspace.state.messages() if m.thread_ts == asked.ts]
    assert sum("ignored: twice" in shown(message) for message in said) == 1


async def test_an_answer_of_another_channel_is_not_given_out(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, _ = await answered(visitor)
        people = visitor.workspace.people
        text = f"<@{seed.BOT_USER_ID}> more context of {seed.INCIDENTS}-{asked.ts}"
        other = people.say(seed.MAYA, seed.CHECKOUT, text)
        await visitor.sees(other.ts, lambda shown_text: "no longer know that answer" in shown_text)
