"""Log answers and their buttons through real Bolt, a real socket, a real database, real files."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store.log_marks import MarkKind
from bot.workspace import seed
from bot.workspace.faults import Fault
from bot.workspace.json_values import JsonObject
from bot.workspace.records import Message
from bot.workspace.server import running_workspace

from .log_bot import log_bot_on, settings_for, write_logs
from .visitor import Visitor, shown

ANALYSE = "analyse_message"
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


async def test_a_workspace_that_takes_no_tables_gets_lines(
    visitor: Visitor, tmp_path: Path
) -> None:
    visitor.workspace.inject(Fault(method="chat.postMessage", error="invalid_blocks"))
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, answer = await answered(visitor)
    assert "table" not in [block["type"] for block in answer.blocks]
    text = shown(answer)
    assert "[1]  :red_circle: *NEW*  100  `pool exhausted after &lt;n&gt; ms`  <!date^" in text


async def test_picture_and_report_are_uploaded_into_the_thread(
    visitor: Visitor, tmp_path: Path
) -> None:
    workspace = visitor.workspace
    async with log_bot_on(workspace, settings_for(workspace, tmp_path)):
        asked, _ = await answered(visitor)
        shared = await workspace.wait_for_message(
            lambda m: m.thread_ts == asked.ts and bool(m.file_ids)
        )
    picture, report = (workspace.state.files[file_id] for file_id in shared.file_ids)
    assert picture.mimetype == "image/png"
    assert "shop: " in picture.alt_text
    assert workspace.state.contents[picture.file_id].startswith(b"\x89PNG")
    text = workspace.state.contents[report.file_id].decode()
    assert "pool exhausted" in text
    assert "| all lines of the window |" in text
    assert "hunter2secret" not in text


async def test_without_the_scope_the_answer_stays_and_says_so(
    visitor: Visitor, tmp_path: Path
) -> None:
    workspace = visitor.workspace
    workspace.inject(Fault(method="files.getUploadURLExternal", error="missing_scope"))
    async with log_bot_on(workspace, settings_for(workspace, tmp_path)):
        asked, answer = await answered(visitor)
        told = await visitor.sees(asked.ts, lambda text: "lacks the scope files:write" in text)
    assert told.ts == answer.ts
    assert "pool exhausted" in shown(told)
    assert not any(message.file_ids for message in workspace.state.messages())


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


async def test_a_click_delivered_twice_is_answered_once(visitor: Visitor, tmp_path: Path) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, answer = await answered(visitor)
        await visitor.press(seed.JONAS, answer, MORE)
        await visitor.sees(asked.ts, lambda text: "around shop.log:2001" in text)
        clicks = [d for d in visitor.workspace.traffic.deliveries if d.kind == "interactive"]
        sockets = visitor.workspace.core.sockets
        await sockets.send_interaction("interactive", clicks[-1].payload)
        listed = visitor.mention(seed.PRIYA, "ignored templates")
        await visitor.sees(listed.ts, lambda text: "Nothing is ignored" in text)
    said = [m for m in visitor.workspace.state.messages() if m.thread_ts == asked.ts]
    assert sum("around shop.log:2001" in shown(message) for message in said) == 1


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


async def test_the_shortcut_analyses_a_message_in_its_thread(
    visitor: Visitor, tmp_path: Path
) -> None:
    workspace = visitor.workspace
    async with log_bot_on(workspace, settings_for(workspace, tmp_path)):
        said = visitor.say(seed.PRIYA, "INFO start\nERROR: no space left on disk 3\nINFO end")
        await workspace.interactions.shortcut(seed.MAYA, said.channel_id, said.ts, ANALYSE)
        answer = await visitor.sees(
            said.ts, lambda text: "no space left" in text and "feedback" in text
        )
        assert "message · 3 lines" in shown(answer)
        assert "Compare with yesterday" not in shown(answer)
        await visitor.press(seed.JONAS, answer, "log_order:0")
        more = await visitor.sees(said.ts, lambda text: "around message:2" in text)
    assert "&gt;2  ERROR: no space left on disk 3" in shown(more)
    assert " 1  INFO start" in shown(more)


async def test_the_shortcut_reads_the_messages_file(visitor: Visitor, tmp_path: Path) -> None:
    workspace = visitor.workspace
    async with log_bot_on(workspace, settings_for(workspace, tmp_path)):
        content = b"step 1\nstep 2\nerror: cannot find module x\n"
        file = workspace.people.upload(seed.PRIYA, "ci.log", content)
        said = workspace.people.say(
            seed.PRIYA, seed.INCIDENTS, "CI is red, ERROR somewhere", None, (file.file_id,)
        )
        await workspace.interactions.shortcut(seed.MAYA, said.channel_id, said.ts, ANALYSE)
        answer = await visitor.sees(said.ts, lambda text: "ci.log · 3 lines" in text)
    assert "cannot find module x" in shown(answer)


async def test_a_stranger_gets_no_analysis(visitor: Visitor, tmp_path: Path) -> None:
    workspace = visitor.workspace
    async with log_bot_on(workspace, settings_for(workspace, tmp_path)):
        said = visitor.say(seed.PRIYA, "ERROR: secret of the house")
        await workspace.interactions.shortcut(seed.PARTNER, said.channel_id, said.ts, ANALYSE)
        answer = await visitor.sees(said.ts, lambda text: "only members" in text)
    assert "secret of the house" not in shown(answer)


async def test_where_the_bot_is_no_member_the_person_is_told(
    visitor: Visitor, tmp_path: Path
) -> None:
    workspace = visitor.workspace
    async with log_bot_on(workspace, settings_for(workspace, tmp_path)):
        said = visitor.say(seed.PRIYA, "ERROR x\nERROR y")
        fault = Fault(method="chat.postMessage", error="not_in_channel", times=9)
        workspace.inject(fault)
        await workspace.interactions.shortcut(seed.MAYA, said.channel_id, said.ts, ANALYSE)
        told = await visitor.whispered(seed.MAYA, lambda text: "invite me" in text)
    assert told.ephemeral_to == seed.MAYA


async def test_a_paste_is_analysed_as_it_was_before_slack_escaped_it(
    visitor: Visitor, tmp_path: Path
) -> None:
    text = (
        "what is this?\n```INFO start &lt;main&gt;\n"
        "ERROR no route to <http://db.shop.local:5432|db.shop.local:5432> &amp; gave up\n"
        "INFO end \u201cok\u201d```"
    )
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked = visitor.mention(seed.MAYA, text)
        answer = await visitor.sees(asked.ts, lambda t: "gave up" in t and "feedback" in t)
    assert "paste · 3 lines" in shown(answer)
    assert "no route to db.shop.local:5432 &amp; gave up" in shown(answer)


async def test_files_are_read_by_their_bytes_and_all_of_them(
    visitor: Visitor, tmp_path: Path
) -> None:
    workspace = visitor.workspace
    async with log_bot_on(workspace, settings_for(workspace, tmp_path)):
        packed = gzip.compress(b"step 1\nstep 2\nERROR disk full\n")
        files = [
            workspace.people.upload(seed.PRIYA, "shot.png", packed),
            workspace.people.upload(seed.PRIYA, "app.log", b"ok\nERROR out of memory\n"),
            workspace.people.upload(seed.PRIYA, "app.log", b"ok\nok\nERROR no route\n"),
            workspace.people.upload(seed.PRIYA, "core.bin", b"\x7fELF\x00\x01" * 99),
        ]
        text = f"<@{seed.BOT_USER_ID}> what went wrong?"
        ids = tuple(file.file_id for file in files)
        asked = workspace.people.say(seed.PRIYA, seed.INCIDENTS, text, None, ids)
        answer = await visitor.sees(asked.ts, lambda t: "8 lines" in t and "feedback" in t)
        told = await visitor.whispered(seed.PRIYA, lambda t: "core.bin" in t)
    assert "shot.png, app.log, app.log (2) · 8 lines from 3 sources" in shown(answer)
    for message in ("disk full", "out of memory", "no route"):
        assert message in shown(answer)
    assert "is not text" in told.text


async def test_a_follow_up_is_about_the_service_that_it_names(
    visitor: Visitor, tmp_path: Path
) -> None:
    write_logs(tmp_path, datetime.now(UTC))
    (tmp_path / "payments.log").write_text("ERROR card refused 7\n" * 9)
    settings = settings_for(visitor.workspace, tmp_path, payments=tmp_path / "payments.log")
    async with log_bot_on(visitor.workspace, settings):
        asked, _ = await answered(visitor)
        visitor.mention(seed.JONAS, "what about payments?", asked.ts)
        answer = await visitor.sees(asked.ts, lambda text: "card refused" in text)
        assert "payments · " in shown(answer)
        visitor.mention(seed.JONAS, "and in the last hour?", asked.ts)
        await visitor.sees(
            asked.ts, lambda text: text.startswith("payments") and text != answer.text
        )


async def test_two_people_who_ignore_the_same_at_once_set_one_mark(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)) as book:
        asked, answer = await answered(visitor)
        people = (seed.JONAS, seed.PRIYA)
        await asyncio.gather(*(visitor.press(user, answer, IGNORE) for user in people))
        await asyncio.gather(*(fill_in(visitor, user, f"because of {user}") for user in people))
        first = await visitor.sees(asked.ts, lambda text: "is ignored: because of" in text)
        second = await visitor.sees(asked.ts, lambda text: "is already ignored: because" in text)
        (mark,) = book.marks.all()
    assert mark.reason in shown(first)
    assert mark.reason in shown(second)


async def test_more_context_pressed_twice_is_shown_twice_the_same(
    visitor: Visitor, tmp_path: Path
) -> None:
    def context() -> list[Message]:
        said = visitor.workspace.state.messages()
        return [m for m in said if "around shop.log:2001" in shown(m)]

    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, answer = await answered(visitor)
        await visitor.press(seed.JONAS, answer, MORE)
        await visitor.press(seed.PRIYA, answer, MORE)
        first, second = await visitor.workspace.wait_for(
            lambda: found if len(found := context()) == 2 else None
        )
    assert [b.get("text") for b in first.blocks] == [b.get("text") for b in second.blocks]


async def test_without_lines_yesterday_it_says_so(visitor: Visitor, tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    today = path.read_text().splitlines(keepends=True)[-400:]
    path.write_text("".join(today))
    async with log_bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, answer = await answered(visitor)
        await visitor.press(seed.JONAS, answer, YESTERDAY)
        compared = await visitor.sees(asked.ts, lambda text: "same window yesterday" in text)
    assert "nothing to compare with" in shown(compared)
    assert " NEW" not in shown(compared)
