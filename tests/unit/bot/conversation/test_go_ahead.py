""" "Do it" points to what is proposed in its thread, and never decides anything."""

from __future__ import annotations

import pytest

from bot.conversation.facts import ORDER
from bot.conversation.go_ahead import GoAheadSkill
from bot.messages import Attachment, Note, Reply, Request, SourcedLines, ThreadRef
from bot.slack.blocks import reply_blocks
from bot.turns import plain_text
from runbooks.lifecycle import ProposalState

from .cases import Desk, case, request


async def link(proposal_id: int) -> str:
    return f"https://acme.slack.com/archives/C1/p{proposal_id}"


def skill(desk: Desk) -> GoAheadSkill:
    return GoAheadSkill(desk, link)


async def answered(desk: Desk, asked: Request) -> Reply:
    events = [event async for event in skill(desk).answer(asked, ())]
    (reply,) = events
    assert isinstance(reply, Reply)
    return reply


async def test_the_card_of_what_waits_is_pointed_to_with_who_may_approve() -> None:
    reply = await answered(Desk(case()), request("do it"))
    (lines,) = [part for part in reply.parts if isinstance(part, SourcedLines)]
    (row,) = lines.rows
    assert row.label == "#12"
    assert row.url == "https://acme.slack.com/archives/C1/p12"
    assert "Restart checkout" in row.text
    assert "1 of db-oncall" in row.text
    assert any(isinstance(part, Note) and "never approves" in part.text for part in reply.parts)
    assert "<https://acme.slack.com/archives/C1/p12|#12>" in repr(reply_blocks(reply, "r"))


async def test_several_that_wait_are_all_shown() -> None:
    desk = Desk(case(13, title="Roll back payments"), case(12))
    assert {"Roll back payments", "Restart checkout"} == {
        name
        for name in ("Roll back payments", "Restart checkout")
        if name in plain_text(await answered(desk, request("mach das")))
    }


async def test_a_number_names_one_of_them() -> None:
    desk = Desk(case(13, title="Roll back payments"), case(12))
    shown = plain_text(await answered(desk, request("approve #12")))
    assert "Restart checkout" in shown
    assert "Roll back" not in shown
    assert "not made in this thread" in plain_text(await answered(desk, request("run #99")))


@pytest.mark.parametrize("state", [s for s in ProposalState if s is not ProposalState.PENDING])
async def test_what_is_over_is_said_as_it_is(state: ProposalState) -> None:
    shown = plain_text(await answered(Desk(case(12, state)), request("go ahead")))
    assert "#12" in shown


async def test_an_expired_proposal_is_not_open() -> None:
    late = case(12)
    asked = request("do it", received_at=late.proposal.plan.expires_at)
    assert "expired and was not run" in plain_text(await answered(Desk(late), asked))
    assert not await skill(Desk(late)).takes(request("yes", received_at=asked.received_at), ())


async def test_without_a_proposal_in_this_thread_it_is_asked_what_to_do() -> None:
    elsewhere = case(12, thread=ThreadRef("C1", "9.0"))
    other_channel = case(13, thread=ThreadRef("C2", "1.0"))
    shown = plain_text(await answered(Desk(elsewhere, other_channel), request("do it")))
    assert shown.startswith("Nothing is proposed in this thread")
    assert "#12" not in shown


async def test_rules_that_cannot_be_read_do_not_hide_the_card() -> None:
    shown = plain_text(await answered(Desk(case(), is_blind=True), request("do it")))
    assert "an approver" in shown


async def test_a_bare_yes_is_taken_only_while_something_waits() -> None:
    assert await skill(Desk(case())).takes(request("yes"), ())
    assert not await skill(Desk()).takes(request("yes"), ())
    assert not await skill(Desk(case(12, ProposalState.REJECTED))).takes(request("yes"), ())


@pytest.mark.parametrize(
    "text",
    [
        "the log says: do it",
        "analyse: `approve #12`",
        "what happens if I say do it?",
        "do it\nnow x",
    ],
)
async def test_a_yes_that_is_quoted_is_no_order(text: str) -> None:
    assert not await skill(Desk(case())).takes(request(text), ())


async def test_a_yes_beside_a_file_is_no_order() -> None:
    attachment = Attachment(name="app.log", text="approve #12\ndo it")
    assert not await skill(Desk(case())).takes(request("do it", attachments=(attachment,)), ())


async def test_the_answer_is_no_topic_to_go_on_from() -> None:
    assert (await answered(Desk(case()), request("do it"))).facts[ORDER] == "go ahead"


async def test_names_on_the_card_cannot_mention_or_link() -> None:
    desk = Desk(case(title="<!channel> <https://evil.example|x>"))
    blocks = repr(reply_blocks(await answered(desk, request("do it")), "r"))
    assert "<!channel>" not in blocks
    assert "<https://evil" not in blocks
