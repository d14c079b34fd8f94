"""Who may read what: nobody gets more than they and their channel are named for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.access import Access, private_group
from bot.access_settings import AccessSettings
from bot.messages import Actor, ActorKind, Intent, Request, ThreadRef, Turn
from bot.provenance import DOCUMENTS, readable
from bot.settings import SettingsError, load_settings
from knowledge import ANYBODY, OWNER, Reader
from runbooks.directory import LOCAL_TEAM
from runbooks.errors import DirectoryError

SETTINGS = AccessSettings(
    users={"db": ("U1", "S1"), "security": ("U2",)},
    channels={"db": ("C1", "C2"), "security": ("C2",)},
)
REQUEST = Request(
    request_id="C1-1.0",
    text="where is the key?",
    actor=Actor(user_id="U1", team_id="T1", name="Maya"),
    thread=ThreadRef("C1", "1.0"),
    received_at=datetime(2026, 11, 21, tzinfo=UTC),
)


class Groups:
    def __init__(self, members: frozenset[str] | None = frozenset({"U5"})) -> None:
        self.members = members

    async def members_of(self, team_id: str, group_id: str) -> frozenset[str]:
        if self.members is None:
            raise DirectoryError("Slack is away")
        return self.members


class NoDocuments:
    async def document(self, source: str, path: str, *, reader: Reader) -> object | None:
        return None


class Channels:
    def __init__(self, *public: str) -> None:
        self.public = public

    async def is_public(self, channel_id: str) -> bool:
        return channel_id in self.public


def access(groups: Groups | None = None) -> Access:
    return Access(SETTINGS, groups or Groups(), "T1", NoDocuments())


def by(user_id: str, channel_id: str = "C1", *, is_direct: bool = False) -> Request:
    return replace(
        REQUEST,
        actor=replace(REQUEST.actor, user_id=user_id),
        thread=ThreadRef(channel_id, "1.0"),
        is_direct=is_direct,
    )


async def test_in_a_channel_person_and_channel_must_both_be_named() -> None:
    for user_id, channel_id, may in (
        ("U1", "C1", True),
        ("U1", "C9", False),
        ("U9", "C1", False),
        ("U2", "C1", False),
    ):
        reader = await access().reader(by(user_id, channel_id))
        assert reader.may_read(frozenset({"db"})) is may, (user_id, channel_id)
        assert reader.may_read(frozenset())


async def test_in_a_direct_message_only_the_person_counts() -> None:
    reader = await access().reader(by("U1", "D1", is_direct=True))
    assert reader.may_read(frozenset({"db"}))
    assert not reader.may_read(frozenset({"security"}))


async def test_a_channel_that_only_claims_to_be_direct_is_a_channel() -> None:
    reader = await access().reader(by("U1", "C9", is_direct=True))
    assert not reader.may_read(frozenset({"db"}))


async def test_members_of_a_slack_user_group_are_in_its_access_group() -> None:
    assert (await access().reader(by("U5"))).may_read(frozenset({"db"}))
    assert not (await access(Groups(None)).reader(by("U5"))).may_read(frozenset({"db"}))


@pytest.mark.parametrize("kind", [ActorKind.GUEST, ActorKind.EXTERNAL, ActorKind.BOT])
async def test_who_is_no_member_has_no_groups_even_when_named(kind: ActorKind) -> None:
    request = replace(REQUEST, actor=replace(REQUEST.actor, kind=kind))
    assert await access().reader(request) == ANYBODY


async def test_an_id_of_another_workspace_has_no_groups() -> None:
    request = replace(REQUEST, actor=replace(REQUEST.actor, team_id="T2"))
    assert await access().reader(request) == ANYBODY


async def test_only_the_terminal_is_the_owner() -> None:
    actor = replace(REQUEST.actor, team_id=LOCAL_TEAM)
    at_terminal = replace(REQUEST, actor=actor, thread=ThreadRef("", "x"))
    assert await access().reader(at_terminal) == OWNER
    assert await access().reader(replace(REQUEST, actor=actor)) == ANYBODY
    nowhere = replace(REQUEST, thread=ThreadRef("", "x"))
    assert await access().reader(nowhere) == ANYBODY


async def test_what_is_said_in_a_channel_stays_with_those_who_could_read_it() -> None:
    public = Channels("C9", "C1", "C2")
    assert await access().audience("C9", public) == frozenset()
    assert await access().audience("C1", public) == {"db"}
    # A document's groups are alternatives: with two of them, one alone would open it.
    assert await access().audience("C2", public) == {private_group("C2")}
    for unknown in (Channels(), None):
        assert await access().audience("C9", unknown) == {private_group("C9")}
    assert await access().audience("D1", Channels()) == {private_group("D1")}


async def test_what_belongs_to_one_channel_is_found_only_there() -> None:
    own = frozenset({private_group("C9")})
    assert (await access().reader(by("U9", "C9"))).may_read(own)
    assert not (await access().reader(by("U9", "C1"))).may_read(own)
    assert not (await access().reader(by("U9", "D9", is_direct=True))).may_read(own)


def test_a_setting_cannot_name_a_channels_own_group_or_a_person_by_name() -> None:
    for wrong in (
        {"channels": {private_group("C1"): ["C2"]}},
        {"users": {"db": ["maya"]}},
        {"channels": {"db": ["#db"]}},
    ):
        with pytest.raises(SettingsError):
            load_settings(knowledge={"access": wrong})


class Library:
    """Documents with their groups, as they are now."""

    def __init__(self, **groups: frozenset[str]) -> None:
        self.groups = groups

    async def document(self, source: str, path: str, *, reader: Reader) -> object | None:
        found = self.groups.get(path)
        return object() if found is not None and reader.may_read(found) else None


def turn(intent: Intent = Intent.KNOWLEDGE, documents: str | None = '[["docs", "a"]]') -> Turn:
    facts = {"topic": "Vault keys"} | ({DOCUMENTS: documents} if documents else {})
    return Turn(text="where?", intent=intent, answer="in the vault", facts=facts)


async def test_a_remembered_answer_is_kept_from_who_may_not_read_its_documents_now() -> None:
    cleared = Reader(groups=frozenset({"db"}), channel_groups=None)
    closed = Library(a=frozenset({"db"}))
    history = (turn(), turn(Intent.CODE))
    assert await readable(history, closed, cleared) == history
    for kept in await readable(history, closed, ANYBODY):
        assert (kept.text, kept.answer, dict(kept.facts)) == ("where?", "", {})
    assert await readable(history, Library(a=frozenset()), ANYBODY) == history


@pytest.mark.parametrize("documents", [None, '[["docs", "a"], ["docs", "gone"]]'])
async def test_an_answer_of_unknown_or_vanished_documents_is_kept_from_everybody(
    documents: str | None,
) -> None:
    (kept,) = await readable((turn(documents=documents),), Library(a=frozenset()), ANYBODY)
    assert not kept.answer
    assert not kept.facts


async def test_answers_made_of_no_documents_stay() -> None:
    history = (turn(Intent.LOGS, None),)
    assert await readable(history, Library(), ANYBODY) == history
