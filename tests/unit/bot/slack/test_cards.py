"""A card shows all that is bound, or refuses; and nothing in it mentions, links or hides."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runs import CaseView, RunView
from bot.slack.blocks import Block
from bot.slack.cards import card, preview_blocks, reminder_blocks
from bot.workspace.blocks import checked_message_blocks
from runbooks.actions.kinds import CommandAction
from runbooks.binding import BoundStep
from runbooks.case import Case
from runbooks.lifecycle import ProposalState
from runbooks.policy import Approval
from runbooks.proposal import ActorRef, Place, Plan, PreviewResult, Proposal, RunbookRef
from runbooks.run_events import RunFinished, StepStarted
from runbooks.schema import Condition, Expect, Outcome, Retry, Risk, Verify
from runbooks.standing import Standing
from runbooks.store import StepRecord, StepState

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
HOSTILE = (
    "<!channel> <!here> <@U123> <!subteam^S1> <#C1> [safe](http://evil.example) "
    "<http://evil.example|safe> ``` *b* <\u200b!channel> @\u200bhere \u202egnp.exe &lt;!channel&gt;"
)
DATE = re.compile(r"<!date\^\d+\^\{[a-z_]+\}\|[^>]*>")


def step(argv: tuple[str, ...] = ("systemctl", "restart", "checkout"), **more: object) -> BoundStep:
    bound = BoundStep(
        step_id="a", title="Restart", risk=Risk.LOW, action=CommandAction(argv=argv), group="a"
    )
    return replace(bound, **more)  # pyright: ignore[reportArgumentType]


def view(
    *steps: BoundStep,
    text: str = "plain",
    state: ProposalState = ProposalState.PENDING,
    run: RunView | None = None,
    ran: tuple[StepRecord, ...] = (),
    **more: object,
) -> CaseView:
    actor = ActorRef(team_id="T1", user_id="U1", name=text)
    plan = Plan(
        runbook=RunbookRef(name="restart", title=text, version=3, digest="0" * 64),
        parameters={"service": text},
        steps=steps or (step(),),
        environment=text,
        target="local",
        run_as="opsbot@web-3",
        environment_names=("HOME", "PATH"),
        executables={"systemctl": "/usr/bin/systemctl"},
        why=text,
        evidence=(text,),
        previews=(PreviewResult(step_id="a", ok=True, output=text, detail=text, checked_at=NOW),),
        requester=actor,
        where=Place(channel_id="C1", thread_ts="1.0"),
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
        risk=Risk.LOW,
        n_approvals=1,
        targets={"web": text},
    )
    case = Case(
        proposal=Proposal(proposal_id=214, plan=replace(plan, **more), sha256="9f2c" + "0" * 60),  # pyright: ignore[reportArgumentType]
        state=state,
        reason=text,
        changed_at=NOW,
        by=None,
        approvals=(Approval(actor=actor, at=NOW, sha256="0" * 64),),
        steps=ran,
    )
    standing = Standing(needs=f"1 of {text}", notes=(text,), offers_break_glass=True)
    return CaseView(case=case, run=run, standing=standing)


def texts(blocks: object) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def every_state(text: str) -> list[CaseView]:
    finished = RunFinished(state=ProposalState.FAILED, reason=text, not_done=(text,))
    begun = StepStarted(position=0, n_steps=1, step_id="a", title=text)
    run = RunView(running=(begun,), head=(text,), tail=(text,), marks=(text,), finished=finished)
    live = replace(run, finished=None)
    return [
        view(step(("echo", text)), text=text),
        view(text=text, state=ProposalState.RUNNING, run=live),
        view(text=text, state=ProposalState.FAILED, run=run),
        view(text=text, state=ProposalState.REJECTED),
        view(step(retry=Retry(times=1), item=text), text=text),
    ]


def inert(shown: str) -> bool:
    """Nothing but our own date tokens is left for Slack to act on."""
    return "<" not in DATE.sub("", shown) and not re.search("[\u200b-\u200d\u202a-\u202e]", shown)


@pytest.mark.parametrize("number", range(5))
def test_nothing_in_any_field_mentions_links_or_hides(number: int) -> None:
    rendered = card(every_state(HOSTILE)[number])
    shown = texts(rendered.blocks).replace("`\u200b`\u200b`", "")
    mrkdwn = DATE.sub("", shown)
    header = texts(rendered.blocks[0])
    assert inert(shown.replace(header, ""))
    assert "\u200b" not in header
    assert "<" not in rendered.text
    assert "<!channel>" not in mrkdwn.replace(header, "")
    assert len(checked_message_blocks(list(rendered.blocks))) == len(rendered.blocks)


def test_slack_is_told_to_make_no_links_of_its_own() -> None:
    for each in every_state("see http://evil.example #general @here"):
        for block in card(each).blocks:
            found: list[Block] = [block.get("text") or {}, *block.get("elements", ())]
            for text in found:
                if text.get("type") == "mrkdwn":
                    assert text["verbatim"] is True


@given(st.text(max_size=60))
def test_any_text_is_inert_on_the_card(text: str) -> None:
    rendered = card(view(step(("echo", text)), text=text))
    body = texts(rendered.blocks[1:]).replace("`\u200b`\u200b`", "")
    assert "<" not in DATE.sub("", body)
    assert len(checked_message_blocks(list(rendered.blocks))) == len(rendered.blocks)


def test_the_card_shows_everything_that_is_bound() -> None:
    wanted = Expect(output="^active$", absent="failed", minimum=1, maximum=9)
    verify = Verify(action=CommandAction(argv=("true",)), within_s=30, expect=wanted)
    bound = step(
        verify=verify,
        rollback=CommandAction(argv=("systemctl", "stop", "checkout")),
        retry=Retry(times=2, delay_s=5),
        when=Condition(step_id="look", outcome=Outcome.SUCCEEDED, expect=Expect(output="stuck")),
        item="web-3",
        concurrency=2,
        continue_on_failure=True,
    )
    shown = texts(card(view(bound, text="ada")).blocks)
    for part in (
        "/usr/bin/systemctl restart checkout",
        "opsbot@web-3",
        "9f2c…00",
        "restart v3",
        "risk: *low*",
        "service = `ada`",
        "HOME, PATH",
        "*Bound*  target web: ada",
        "*1. Restart*  ·  low risk",
        "1 step, 1 of them changes something",
        "true must exit 0 within 30 s, with '^active$' in its output, without 'failed'",
        "its first number at least 1, its first number at most 9",
        "systemctl stop checkout",
        "only if look succeeded, with 'stuck' in its output",
        "for web-3, 2 at once, stops at a failure",
        "tried 2 more times, 5 s apart",
        "later steps run even if it fails",
        "1 of ada",
    ):
        assert part in shown, part


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("disk full on web-1", "web-1"),
        ("[FIRING:1] DiskFull\n - instance = db2.shop.internal:9100", "db2.shop.internal"),
        ("disk full on web-3", ""),
        ("restart checkout on monday", ""),
        ("it fails at 10:02:11 on /var", ""),
    ],
)
def test_a_host_that_the_request_names_and_no_step_reaches_is_said(asked: str, named: str) -> None:
    shown = texts(card(view(step(), why=f"ada asked: {asked}", text="ada")).blocks)
    assert ("is named in the request" in shown) == bool(named)
    assert f"*{named}* is named in the request" in shown or not named


def test_a_repeated_dry_run_names_its_steps_and_needs_a_preview_to_be_offered() -> None:
    shown = texts(preview_blocks(214, view(step(title="Restart web")).case.proposal.plan))
    assert "*1. Restart web*" in shown
    assert "proposal_preview" in texts(card(view()).blocks)
    assert "proposal_preview" not in texts(card(view(previews=())).blocks)


def test_an_undo_does_not_say_that_it_has_no_undo_and_an_end_says_once_what_was_left() -> None:
    assert "Undo" not in texts(card(view(undoes=7)).blocks)
    end = RunFinished(
        state=ProposalState.FAILED, reason="a failed; not done: Wait", not_done=("Wait",)
    )
    shown = texts(card(view(run=RunView(finished=end))).blocks)
    assert shown.count("not done") == 1


def test_a_step_that_only_looks_is_its_name_and_its_command_and_nothing_else() -> None:
    bound = step(("df", "-h"), title="Space left", risk=Risk.READ_ONLY)
    shown = texts(card(view(bound)).blocks)
    assert "*1. Space left*\\n```\\ndf -h\\n```" in shown
    assert "1 step, nothing is changed" in shown
    assert "Undo" not in shown


@pytest.mark.parametrize(
    "argument", ["x" * 2600, "<" * 600, "`" * 1500, "&" * 500, "x" * 3000, "<" * 900, "`" * 2000]
)
def test_a_command_is_shown_whole_or_the_card_refuses(argument: str) -> None:
    blocks = card(view(step(("echo", argument)))).blocks
    shown = texts(blocks)
    if "proposal_approve" in shown:
        escaped = (
            argument.replace("&", "&amp;").replace("<", "&lt;").replace("```", "`\u200b`\u200b`")
        )
        assert escaped in shown
        assert "(cut)" not in shown
    else:
        assert "too long to show whole" in shown
        assert "proposal_reject" not in shown


def test_both_ways_of_a_long_command_occur() -> None:
    assert "proposal_approve" in texts(card(view(step(("echo", "x" * 2600)))).blocks)
    assert "proposal_approve" not in texts(card(view(step(("echo", "x" * 3000)))).blocks)


@pytest.mark.parametrize(
    "changes",
    [
        {"verify": Verify(action=CommandAction(argv=("echo", "x" * 2000)))},
        {"rollback": CommandAction(argv=("echo", "x" * 2000))},
    ],
)
def test_a_check_or_an_undo_too_long_to_show_refuses_too(changes: dict[str, object]) -> None:
    changed = replace(step(), **changes)  # pyright: ignore[reportArgumentType]
    shown = texts(card(view(changed)).blocks)
    assert "the check or the undo of step 1 is too long" in shown
    assert "proposal_approve" not in shown


@pytest.mark.parametrize(("n_steps", "fits"), [(1, True), (15, True), (17, True), (50, False)])
def test_many_steps_are_shown_all_or_the_card_refuses(n_steps: int, fits: bool) -> None:
    steps = [step(("echo", f"item-{number}-"), step_id=f"s{number}") for number in range(n_steps)]
    blocks = card(view(*steps)).blocks
    shown = texts(blocks)
    assert len(blocks) <= 50
    assert ("proposal_approve" in shown) == fits
    assert all(f"item-{number}-" in shown for number in range(n_steps)) == fits


def test_a_secret_is_not_on_the_card() -> None:
    secret = "ghp_" + "a1B2" * 9
    shown = texts(card(view(step(("curl", "-H", f"Authorization: Bearer {secret}")))).blocks)
    assert secret not in shown
    assert secret not in texts(card(view(parameters={"token": secret})).blocks)


def test_the_undo_is_offered_only_after_a_run_that_declares_one() -> None:
    undo = CommandAction(argv=("true",))
    ran = (StepRecord(position=0, step_id="a", state=StepState.SUCCEEDED, started_at=NOW),)
    done = ProposalState.SUCCEEDED
    assert "proposal_undo" in texts(card(view(step(rollback=undo), state=done, ran=ran)).blocks)
    assert "proposal_undo" not in texts(card(view(step(), state=done, ran=ran)).blocks)
    assert "proposal_undo" not in texts(card(view(step(rollback=undo), state=done)).blocks)
    assert "proposal_undo" not in texts(card(view(step(rollback=undo), ran=ran)).blocks)


def test_a_reminder_is_inert_and_names_who_is_needed() -> None:
    waiting = view(text=HOSTILE)
    shown = texts(reminder_blocks(waiting.case, Standing(needs=HOSTILE)))
    assert inert(shown.replace("`\u200b`\u200b`", ""))
    assert "still waits for" in shown
