"""The composition root: builds everything once, in order, and takes it down in reverse.

Only this file constructs and wires. Slack, the local workspace and the terminal differ in the
`Surroundings` they pass in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine as Database

from inference import EngineState, InferenceService
from knowledge import KnowledgeBase
from runbooks.catalog import Catalog
from runbooks.directory import Accounts

from .amendments import Amendments
from .card_links import CardLinks
from .chores import start_chores
from .command_notes import shell_classes
from .conversation.choosing import ModelChooser
from .conversation.go_ahead import GoAheadSkill
from .conversation.understanding import Understanding
from .desk import CaseBoard, Desk
from .digest_poster import DigestPoster, PostDigest
from .dispatch import Dispatcher, Skill
from .eager_prefill import EagerPrefill
from .embedder import EngineEmbedder
from .engine import EnginePlace, metrics_of, open_engine
from .generators import Generators, open_generators
from .http import HealthServer
from .incidents.desk import IncidentDesk
from .incidents.skill import IncidentOrders
from .investigation_wiring import Means, build_investigation
from .knowledge_desks import KnowledgeDesks, build_knowledge_desks
from .knowledge_wiring import open_knowledge
from .messages import Intent
from .reminders import Remind, Reminders
from .router import Router
from .router.judge import Judge
from .router.plan import plan_of
from .runbook_wiring import RunbookServices, build_runbook_services, utc_now
from .schedules import Schedules
from .settings import Settings
from .skills.chat import ChatSkill
from .skills.code.skill import CodeSkill
from .skills.code.snippets import Collection
from .skills.generation import Generator
from .skills.incident import IncidentSkill
from .skills.investigation.offer import offer_investigation
from .skills.knowledge.skill import KnowledgeSkill
from .skills.learn.skill import Room
from .skills.logs.book import LogBook
from .skills.logs.digest import estimate_tokens
from .skills.logs.skill import LogsSkill
from .skills.openings import local_openings
from .skills.runbook.extraction import Extractor
from .skills.runbook.skill import RunbookSkill
from .skills.schedule.skill import ScheduleSkill
from .slack.app import SlackConnection
from .slack.incident_intake import IncidentIntake
from .slack.knowledge_intake import KnowledgeIntake
from .slack.note_clicks import NoteClicks
from .slack.outlets import CardBoard
from .slack.people import People
from .slack.rooms import SlackRooms
from .slack.surface import Surface
from .store.digests import Digests
from .store.engine import open_database
from .store.events import SeenEvents
from .store.feedback import FeedbackBook
from .store.incidents import Incidents
from .store.log_answers import LogAnswers
from .store.log_marks import LogMarks
from .store.message_refs import MessageRefs
from .store.route_corrections import RouteCorrections
from .store.threads import Threads
from .thread_runs import ThreadRuns
from .token_counter import EngineCounter
from .wording import ModelWording

NameOf = Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What differs between Slack and a terminal.

    Attributes:
        make_board: Makes the place where proposals are shown, given the database.
        directory: Where accounts are looked up.
        team_id: Workspace that bare approver ids belong to.
        post_digest: Posts a finished digest where it was asked for.
        remind: Says that a proposal still waits; None where nobody would see it.
        room: Where threads are read; None where there are none.
        name_of: Gives the name of a user id that somebody mentioned; None where there are none.
    """

    make_board: Callable[[Database], CaseBoard]
    directory: Accounts
    team_id: str
    post_digest: PostDigest
    remind: Remind | None = None
    room: Room | None = None
    name_of: NameOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The running bot without its surface."""

    settings: Settings
    engine: InferenceService
    registry: CollectorRegistry
    knowledge: KnowledgeBase
    services: RunbookServices
    schedules: Schedules
    dispatcher: Dispatcher
    listener: EagerPrefill
    desk: Desk
    router: Router
    threads: Threads
    feedback: FeedbackBook
    corrections: RouteCorrections
    log_book: LogBook
    catalog: Catalog
    desks: KnowledgeDesks
    incidents: IncidentDesk

    def health(self) -> Mapping[str, str]:
        """Facts for the health endpoint; the bot is up even when its model is not."""
        model = self.engine.state.name.lower()
        facts = {"status": "ok", "model": self.settings.model, "model_state": model}
        if self.engine.state is EngineState.FAILED:
            facts["model_failure"] = self.engine.failure
        return facts


@asynccontextmanager
async def open_core(
    settings: Settings, around: Surroundings, *, keep_time: bool = True
) -> AsyncGenerator[Core]:
    """Build and start the bot; stop it at the end.

    Args:
        keep_time: Run schedules, syncs and expiry, and an engine in a process of its own; a
            terminal command does not: it borrows the running bot's engine or loads one here.

    Raises:
        StoreError: The database cannot be opened.
        PolicyError: The list of approvers cannot be read.
    """
    async with AsyncExitStack() as stack:
        database = await asyncio.to_thread(open_database, settings.effective_database_url)
        stack.callback(database.dispose)
        registry = CollectorRegistry()
        place = EnginePlace.OWN_PROCESS if keep_time else EnginePlace.BORROWED
        engine = await stack.enter_async_context(
            open_engine(settings, registry=registry, place=place)
        )
        generators = await stack.enter_async_context(open_generators(settings, engine))
        knowledge = open_knowledge(settings, EngineEmbedder(engine), generators.of("knowledge"))
        stack.push_async_callback(knowledge.close)
        core = _build(settings, around, database, engine, generators, registry, knowledge)
        core.schedules.start(paused=not keep_time)
        stack.callback(core.schedules.stop)
        stack.push_async_callback(core.desk.drain, 5.0)
        stack.push_async_callback(core.listener.close)
        await core.services.approvals.announce_policy()
        # A terminal command looks; only the bot itself goes on with what was running.
        await (core.desk.recover() if keep_time else core.services.executor.recover())
        reminders = _reminders(core, around, database)
        chores = start_chores(core, database, reminders, keep_time=keep_time)
        stack.push_async_callback(_cancel, chores)
        yield core


def _build(
    settings: Settings,
    around: Surroundings,
    database: Database,
    engine: InferenceService,
    generators: Generators,
    registry: CollectorRegistry,
    knowledge: KnowledgeBase,
) -> Core:
    wording = ModelWording(generators.of("logs"))
    services = build_runbook_services(
        settings, database, around.directory, around.team_id, wording=wording
    )
    catalog = Catalog.load(settings.runbooks.folders)
    threads = Threads(database)
    listener = EagerPrefill(
        engine, threads, local_openings(settings.inference.order), registry=registry
    )
    book = LogBook(answers=LogAnswers(database), marks=LogMarks(database))
    logs = _logs_skill(settings, engine, listener.watched(generators.of("logs")), book)
    schedules = Schedules(
        digests=(digests := Digests(database)),
        engine=database,
        run=DigestPoster(digests, logs, around.post_digest).post,
    )
    desks = build_knowledge_desks(
        settings.knowledge, database, around.directory, around.team_id, knowledge, around.room
    )
    extractor = Extractor(generators.of("runbook"))
    runbook = RunbookSkill(catalog, services.approvals, extractor)
    skills: Mapping[Intent, Skill] = {
        Intent.LOGS: IncidentSkill(logs, runbook.suggest, offer_investigation),
        Intent.RUNBOOK: runbook,
        Intent.SCHEDULE: ScheduleSkill(schedules, tuple(settings.logs.sources)),
        Intent.CHAT: ChatSkill(),
        **_worded_skills(
            settings, generators, listener, knowledge, desks, services, EngineEmbedder(engine)
        ),
    }
    investigation = build_investigation(
        settings,
        Means(
            book=book,
            knowledge=knowledge,
            catalog=catalog,
            looks=services.looks,
            generator=generators.of("logs"),
            suggest=runbook.suggest,
        ),
    )
    card_links = CardLinks(MessageRefs(database), around.room)
    incidents = IncidentDesk(Incidents(database), services.approvals, card_links, around.room)
    router = _router(settings, engine)
    return Core(
        settings=settings,
        engine=engine,
        registry=registry,
        knowledge=knowledge,
        services=services,
        schedules=schedules,
        dispatcher=Dispatcher(
            router=router,
            skills=skills,
            memory=threads,
            sightings=SeenEvents(database),
            listener=listener,
            clearance=desks.access,
            plan=plan_of,
            orders=(
                GoAheadSkill(services.approvals, card_links),
                _incident_orders(incidents, desks, around, wording),
                investigation,
            ),
            understanding=Understanding(
                tuple(settings.logs.sources), ModelChooser(generators.of("knowledge"))
            ),
        ),
        listener=listener,
        desk=Desk(
            approvals=services.approvals,
            executor=services.executor,
            control=services.control,
            board=around.make_board(database),
        ),
        router=router,
        threads=threads,
        feedback=FeedbackBook(database),
        corrections=RouteCorrections(database),
        log_book=book,
        catalog=catalog,
        desks=desks,
        incidents=incidents,
    )


def _incident_orders(
    incidents: IncidentDesk, desks: KnowledgeDesks, around: Surroundings, wording: ModelWording
) -> IncidentOrders:
    async def nobody(_user_id: str) -> str:
        return ""

    return IncidentOrders(
        incidents,
        notes=desks.drafts,
        audience=desks.audience,
        name_of=around.name_of or nobody,
        wording=wording,
    )


def _logs_skill(
    settings: Settings, engine: InferenceService, generator: Generator, book: LogBook
) -> LogsSkill:
    return LogsSkill(
        settings.logs,
        generator,
        model_name=settings.model,
        book=book,
        count_tokens=_counter(settings, engine),
    )


def _counter(settings: Settings, engine: InferenceService) -> Callable[[str], int]:
    """Counts as whoever explains logs first; a remote model's vocabulary is not known here."""
    if settings.inference.order.get("logs", "local").startswith("remote"):
        return estimate_tokens
    return EngineCounter(engine, asyncio.get_running_loop()).count


def _router(settings: Settings, engine: InferenceService) -> Router:
    return Router(engine, encoder_name=settings.inference.encoder, judge=Judge(engine))


def _worded_skills(
    settings: Settings,
    generators: Generators,
    listener: EagerPrefill,
    knowledge: KnowledgeBase,
    desks: KnowledgeDesks,
    services: RunbookServices,
    embedder: EngineEmbedder,
) -> Mapping[Intent, Skill]:
    """The skills whose answers are the model's own words, checked."""
    coder = listener.watched(generators.of("code"))
    reader = listener.watched(generators.of("knowledge"))
    answers = KnowledgeSkill(knowledge, reader, model_name=settings.model, embedder=embedder)
    runs = ThreadRuns(services.approvals.recent)
    return {
        Intent.CODE: CodeSkill(coder, knowledge, shell_classes, Collection(embedder.embed)),
        Intent.KNOWLEDGE: desks.learning(answers, runs, generators.of("knowledge")),
    }


@asynccontextmanager
async def open_slack_bot(settings: Settings) -> AsyncGenerator[Core]:
    """The bot on Slack, or on whatever `SLACK_API_URL` names; answering when this returns.

    Raises:
        SlackSettingsError: Tokens or URL cannot be used.
        SlackCallError: Slack refused the token or cannot be reached.
        StoreError: The database cannot be opened.
        PortInUseError: The port for health and metrics is taken.
    """
    connection = SlackConnection(settings.slack)
    people = await connection.identify()
    around = Surroundings(
        make_board=lambda db: CardBoard(connection.web, connection.pacer, MessageRefs(db)),
        directory=people,
        team_id=connection.team_id,
        post_digest=connection.post_digest,
        remind=connection.remind,
        room=(room := SlackRooms(connection.web, people, connection.bot_user_id)),
        name_of=room.name_of,
    )
    async with open_core(settings, around) as core, AsyncExitStack() as stack:
        server = HealthServer(
            settings.host,
            settings.port,
            core.registry,
            core.health,
            more_metrics=metrics_of(core.engine),
        )
        await server.start()
        stack.push_async_callback(server.stop)
        surface = Surface(
            web=connection.web,
            people=people,
            pacer=connection.pacer,
            dispatcher=core.dispatcher,
            desk=core.desk,
            feedback=core.feedback,
            corrections=core.corrections,
            log_book=core.log_book,
            amendments=amendments(core.services, core.catalog, core.desk),
            threads=core.threads,
            catalog=core.catalog,
            notes=NoteClicks(web=connection.web, people=people, desk=core.desks.notes),
            intake=_intake(connection, people, core),
            incidents=IncidentIntake(people=people, desk=core.incidents),
        )
        stack.push_async_callback(surface.drain, 5.0)
        await connection.listen(surface)
        stack.push_async_callback(connection.close)
        yield core


def _intake(connection: SlackConnection, people: People, core: Core) -> KnowledgeIntake | None:
    """Takes the files of the knowledge channel, where there is one."""
    channel_id = core.settings.knowledge.upload_channel
    if channel_id is None:
        return None
    return KnowledgeIntake(
        web=connection.web,
        people=people,
        desk=core.desks.uploads,
        channel_id=channel_id,
        sightings=core.desks.sightings,
    )


def amendments(services: RunbookServices, catalog: Catalog, desk: Desk) -> Amendments:
    """What people do to proposals beside approving and rejecting them."""
    return Amendments(
        approvals=services.approvals,
        successors=services.successors,
        glass=services.glass,
        catalog=catalog,
        show=desk.show,
    )


def _reminders(core: Core, around: Surroundings, database: Database) -> Reminders | None:
    if around.remind is None:
        return None
    return Reminders(
        approvals=core.services.approvals,
        sightings=SeenEvents(database),
        remind=around.remind,
        clock=utc_now,
    )


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
