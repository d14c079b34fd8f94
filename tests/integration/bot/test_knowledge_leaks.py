"""Tries to get at a restricted document through everything that searches, remembers or lists."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access import Access
from bot.access_settings import AccessSettings
from bot.dispatch import Dispatcher
from bot.investigation_wiring import reader_of
from bot.messages import (
    Actor,
    ActorKind,
    Attached,
    Intent,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from bot.skills.code.skill import CodeSkill
from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Clue, Look, Stance, Tool
from bot.skills.investigation.skill import Field, InvestigationSkill
from bot.skills.investigation.tools.base import Asked
from bot.skills.investigation.tools.documents import DocumentsTool
from bot.skills.knowledge import KnowledgeSkill
from bot.skills.recorded import RecordedSkill
from bot.slack.blocks import fallback_text, reply_blocks
from bot.store.engine import open_database
from bot.store.events import SeenEvents
from bot.store.knowledge_answers import KnowledgeAnswers
from bot.store.threads import Threads
from inference.request import Ended, Event, GenerateRequest, Outcome, Started, TextDelta
from knowledge import ANYBODY, Document, Format, KnowledgeBase, Metadata, Reader, SearchFilter
from knowledge.hash_embedder import HashEmbedder
from knowledge.langchain import HybridRetriever
from runbooks.directory import LocalDirectory

SECRET = "Vault unsealing"
SECRET_TEXT = (
    "# Vault unsealing\n\nUnseal the vault with `vaultctl unseal --shares zebra_quorum` and the "
    "three shares in the blue safe. The metric `vault_zebra_seals` counts seals.\n"
)
OPEN_TEXT = "# Laptops\n\nOrder a laptop in the shop of the office. The shop opens at nine.\n"
WORDS = ("vault unsealing", "zebra", "blue safe", "vault.md", "unseal --shares")
QUESTION = "how do we unseal the vault with zebra_quorum shares?"


def document(path: str, text: str, *groups: str) -> Document:
    return Document(
        source="docs",
        path=path,
        text=text,
        format=Format.MARKDOWN,
        sha256=str(hash((text, groups))),
        metadata=Metadata(groups=frozenset(groups)),
    )


@dataclass
class Copier:
    """Answers with whatever its prompt holds, as a model would that was talked into it."""

    prompts: list[str] = field(default_factory=list[str])
    script: str = ""

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        last = request.messages[-1].content
        self.prompts.append(last)
        yield Started(n_prompt=1, n_cached=0, queue_ms=0.0)
        if self.script:
            yield TextDelta(text=self.script)
            yield Ended(outcome=Outcome.FINISHED)
            return
        for text in ("ANSWERABLE\n", *(f"{line} [1].\n" for line in last.splitlines())):
            yield TextDelta(text=text)
        yield Ended(outcome=Outcome.FINISHED)


@dataclass
class FixedRoute:
    intent: Intent
    confidence: float = 1.0


@dataclass
class FixedRouter:
    intent: Intent = Intent.KNOWLEDGE

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> FixedRoute:
        return FixedRoute(self.intent)


class Outlet:
    def __init__(self) -> None:
        self.seen: list[str] = []

    async def show(self, reply: Reply) -> None:
        self.seen += [repr(reply_blocks(reply, "r")), fallback_text(reply)]

    async def show_proposal(self, proposal_id: int) -> None:
        raise AssertionError(proposal_id)

    async def attach(self, attached: Attached) -> None:
        raise AssertionError(attached)


class FullDisk:
    """Finds the same cause at every service."""

    tool = Tool.LOGS

    def can_look_at(self, service: str) -> bool:
        return True

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        clue = Clue(
            tool=self.tool,
            service=service,
            stance=Stance.BEGAN,
            signal="disk_full",
            weight=3.0,
            text="disk full",
            quote="how do we unseal the vault with zebra_quorum shares",
            at=case.window.start,
            is_symptom=True,
        )
        return Look(tool=self.tool, service=service, clues=(clue,))


@dataclass
class Listener:
    """Keeps what a skill is told of the thread."""

    heard: tuple[Turn, ...] = ()

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        self.heard = history
        yield Reply(parts=(Prose(text="Well."),), summary="Well.")


@dataclass
class Bot:
    base: KnowledgeBase
    model: Copier
    answers: KnowledgeAnswers
    threads: Threads
    dispatcher: Dispatcher
    router: FixedRouter
    listener: Listener
    n_asked: int = 0

    async def ask(
        self,
        text: str,
        user_id: str,
        channel_id: str = "C1",
        kind: ActorKind = ActorKind.MEMBER,
    ) -> str:
        """Everything that could be seen of an answer, in lower case."""
        self.n_asked += 1
        outlet = Outlet()
        request = Request(
            request_id=f"r{self.n_asked}",
            text=text,
            actor=Actor(user_id=user_id, team_id="T1", name=user_id, kind=kind),
            thread=ThreadRef(channel_id, "1.0"),
            received_at=datetime(2026, 11, 21, 0, self.n_asked, tzinfo=UTC),
            is_direct=channel_id.startswith("D"),
        )
        await self.dispatcher.handle(request, outlet)
        return "\n".join(outlet.seen).lower()


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncGenerator[Bot]:
    base = KnowledgeBase(tmp_path / "kb", HashEmbedder())
    await base.add([document("vault.md", SECRET_TEXT, "security"), document("a.md", OPEN_TEXT)])
    database = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    settings = AccessSettings(
        users={"security": ("U1", "U3")}, channels={"security": ("C1",), "other": ("C1",)}
    )
    model, router, listener = Copier(), FixedRouter(), Listener()
    field_ = Field(services=("vault",), tools=(FullDisk(), DocumentsTool(base)))
    answers, threads = KnowledgeAnswers(database), Threads(database)
    dispatcher = Dispatcher(
        router=router,
        skills={
            Intent.KNOWLEDGE: RecordedSkill(KnowledgeSkill(base, model), answers),
            Intent.CODE: CodeSkill(model, base),
            Intent.LOGS: InvestigationSkill(field_, reader_of=reader_of),
            Intent.CHAT: listener,
        },
        memory=threads,
        sightings=SeenEvents(database),
        clearance=Access(settings, LocalDirectory(), "T1", base),
    )
    yield Bot(base, model, answers, threads, dispatcher, router, listener)
    await base.close()
    database.dispose()


def leaks(seen: str) -> list[str]:
    return [
        word for word in WORDS if word in seen.lower().replace(QUESTION.lower().rstrip("?"), "")
    ]


async def test_who_is_cleared_gets_the_document_where_it_may_be_shown(bot: Bot) -> None:
    assert leaks(await bot.ask(QUESTION, "U1"))
    assert leaks(await bot.ask(QUESTION, "U1", "D1"))


@pytest.mark.parametrize(
    ("user_id", "channel_id", "kind"),
    [
        ("U2", "C1", ActorKind.MEMBER),
        ("U1", "C2", ActorKind.MEMBER),
        ("U2", "D2", ActorKind.MEMBER),
        ("U1", "C1", ActorKind.GUEST),
        ("U1", "D1", ActorKind.GUEST),
    ],
)
@pytest.mark.parametrize("intent", [Intent.KNOWLEDGE, Intent.CODE])
async def test_nobody_else_sees_a_word_of_it_nor_does_the_model(
    bot: Bot, user_id: str, channel_id: str, kind: ActorKind, intent: Intent
) -> None:
    bot.router.intent = intent
    asked = QUESTION if intent is Intent.KNOWLEDGE else "promql: how often was the safe sealed?"
    seen = await bot.ask(asked, user_id, channel_id, kind)
    assert seen
    assert not leaks(seen)
    assert not leaks("\n".join(bot.model.prompts).replace(asked, ""))


async def test_a_follow_up_by_somebody_else_gets_nothing_of_the_answer_before(bot: Bot) -> None:
    assert leaks(await bot.ask(QUESTION, "U1"))
    n_before = len(bot.model.prompts)
    assert not leaks(await bot.ask("and where is it?", "U2"))
    assert not leaks("\n".join(bot.model.prompts[n_before:]).replace(QUESTION, ""))


async def test_code_made_of_it_is_not_gone_on_with_for_somebody_else(bot: Bot) -> None:
    bot.router.intent = Intent.CODE
    bot.model.script = "```promql\nrate(vault_zebra_seals[5m])\n```"
    await bot.ask("promql for vault_zebra_seals, the metric that counts seals", "U1")
    assert leaks(bot.model.prompts[-1])
    bot.model.script = "```promql\nup\n```"
    await bot.ask("promql: now per hour", "U3")
    assert leaks(bot.model.prompts[-1]), "who is cleared goes on with the code before"
    n_before = len(bot.model.prompts)
    seen = await bot.ask("promql: now per minute", "U2")
    assert not leaks(seen)
    assert not leaks("\n".join(bot.model.prompts[n_before:]))


async def test_an_investigation_quotes_and_remembers_a_document_only_for_who_may_read_it(
    bot: Bot,
) -> None:
    bot.router.intent = Intent.LOGS
    assert not leaks(await bot.ask("investigate vault", "U2"))
    assert leaks(await bot.ask("investigate vault", "U1"))
    bot.router.intent = Intent.CHAT
    await bot.ask("thanks", "U1")
    assert leaks(repr(bot.listener.heard))
    await bot.ask("thanks", "U2")
    assert len(bot.listener.heard) > 2
    assert not leaks(repr(bot.listener.heard))


async def test_a_document_closed_later_is_not_repeated_from_memory(bot: Bot) -> None:
    await bot.base.add([document("plan.md", "# Zebra plan\n\nThe blue safe moves in May.\n")])
    assert leaks(await bot.ask("when does the blue safe move?", "U2"))
    await bot.base.add(
        [document("plan.md", "# Zebra plan\n\nThe blue safe moves in May.\n", "security")]
    )
    n_before = len(bot.model.prompts)
    seen = await bot.ask("and why then?", "U2")
    assert not leaks(seen)
    prompts = "\n".join(bot.model.prompts[n_before:])
    assert not leaks(prompts.replace("when does the blue safe move?", ""))


async def test_refusals_name_only_what_the_asker_may_read_and_so_do_their_records(
    bot: Bot,
) -> None:
    seen = await bot.ask("qwxy zebra unsealed vaults qwxz?", "U2")
    assert SECRET.lower() not in seen
    for refusal in bot.answers.refusals():
        assert SECRET not in refusal.nearest
        assert not refusal.passages


async def test_what_a_thread_remembers_of_a_refusal_holds_nothing_hidden(bot: Bot) -> None:
    await bot.ask("qwxy zebra unsealed vaults qwxz?", "U2")
    for turn in bot.threads.recent(ThreadRef("C1", "1.0"), 9):
        assert not leaks(turn.answer + repr(dict(turn.facts)))


@pytest.mark.parametrize(
    "only",
    [
        SearchFilter(under="vault.md"),
        SearchFilter(sources=frozenset({"docs"}), under="vault.md"),
        SearchFilter(owners=frozenset({""})),
        None,
    ],
)
async def test_no_filter_widens_what_may_be_read(bot: Bot, only: SearchFilter | None) -> None:
    found = await bot.base.search(QUESTION, 100, only=only)
    assert SECRET not in {hit.title for hit in found.hits}
    assert await bot.base.document("docs", "vault.md", reader=ANYBODY) is None


async def test_the_langchain_retriever_reads_as_anybody_unless_told_who_reads(bot: Bot) -> None:
    anybody = await HybridRetriever(knowledge=bot.base, k=9).ainvoke(QUESTION)
    assert SECRET not in {one.metadata["title"] for one in anybody}
    cleared = Reader(groups=frozenset({"security"}), channel_groups=None)
    found = await HybridRetriever(knowledge=bot.base, k=9, reader=cleared).ainvoke(QUESTION)
    assert found[0].metadata["title"] == SECRET


async def test_hidden_documents_do_not_decide_whether_a_question_is_answerable(
    bot: Bot, tmp_path: Path
) -> None:
    """What remains: how rare a word is counts all documents, and shifts scores a little."""
    alone = KnowledgeBase(tmp_path / "alone", HashEmbedder())
    await alone.add([document("a.md", OPEN_TEXT)])
    hidden = [
        document(f"h{number}.md", f"# Hidden {number}\n\nThe laptop_shop in hall {number}.\n", "x")
        for number in range(20)
    ]
    await alone.add([document("name.md", "# Shop\n\nThe laptop_shop is closed.\n")])
    await bot.base.add([document("name.md", "# Shop\n\nThe laptop_shop is closed.\n"), *hidden])
    for question in ("when does laptop_shop open?", "where to order a laptop?", QUESTION):
        with_hidden, without = (
            await bot.base.search(question),
            await alone.search(question),
        )
        assert [hit.path for hit in with_hidden.hits] == [hit.path for hit in without.hits]
        assert with_hidden.answerability is without.answerability
        assert [hit.cosine for hit in with_hidden.hits] == pytest.approx(
            [hit.cosine for hit in without.hits]
        )
        assert with_hidden.confidence == pytest.approx(without.confidence, abs=0.12)
    await alone.close()


async def test_a_request_that_nobody_cleared_reads_as_anybody(bot: Bot) -> None:
    request = Request(
        request_id="x",
        text=QUESTION,
        actor=Actor(user_id="U1", team_id="T1", name="U1"),
        thread=ThreadRef("C1", "1.0"),
        received_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    events = [event async for event in KnowledgeSkill(bot.base, bot.model).answer(request, ())]
    assert events
    assert not leaks(repr(events))
