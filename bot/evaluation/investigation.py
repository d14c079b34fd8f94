"""How often an investigation names the right cause in simulated incidents, and finds nothing in none."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from knowledge import OWNER, FolderSource, KnowledgeBase
from knowledge.hash_embedder import HashEmbedder

from ..messages import Actor, Request, ThreadRef
from ..settings import LogSettings
from ..skills.investigation.budget import Allowance, Budget
from ..skills.investigation.case_file import CaseFile
from ..skills.investigation.drivers import Driver, PlaybookDriver
from ..skills.investigation.errors import BudgetSpentError
from ..skills.investigation.prometheus import Prometheus, PrometheusPlace
from ..skills.investigation.ranking import Conclusion, conclude
from ..skills.investigation.toolbox import Toolbox
from ..skills.investigation.tools.alerts import AlertsTool
from ..skills.investigation.tools.base import Asked, LookTool
from ..skills.investigation.tools.changes import ChangesTool
from ..skills.investigation.tools.documents import DocumentsTool
from ..skills.investigation.tools.logs import LogsTool
from ..skills.investigation.tools.metrics import MetricsTool
from ..skills.logs.analysis import Window
from ..skills.logs.digest import estimate_tokens
from ..skills.logs.looking import looking
from .incidents_sim.cases import held_back_incidents, told_incidents
from .incidents_sim.fake_prometheus import serving
from .incidents_sim.incident import Culprit, Incident
from .incidents_sim.log_files import write_logs
from .incidents_sim.repository import make_repository

_DOCUMENTS = {
    "disk-full.md": "# Full disks\n\nWhen a disk is full, remove old segments and archive the rest.\n",
    "on-call.md": "# On call\n\nThe owner of a service is paged first, then the platform team.\n",
    "limits.md": "# Rate limits\n\nPayments allows 200 requests a second; ask for more in advance.\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One investigation.

    Attributes:
        said: The cause it named with its service; empty for none.
        is_right: The right cause, or rightly none.
        is_false: A cause that is none was named.
        n_herrings, n_seen_through: Of what distracts, and how much of it was not blamed.
        n_said: How much of it was ruled out by name.
        is_truth_ruled_out: The true cause was among what was ruled out.
    """

    name: str
    expected: str
    said: str
    confidence: str
    is_right: bool
    is_false: bool
    n_herrings: int
    n_seen_through: int
    n_said: int
    is_truth_ruled_out: bool
    n_steps: int
    n_tokens: int
    seconds: float
    driver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetReport:
    """The figures of one set of incidents."""

    n: int
    n_right: int
    n_false: int
    n_healthy: int
    n_healthy_right: int
    n_herrings: int
    n_seen_through: int
    n_said: int
    n_truth_ruled_out: int
    median_steps: float
    median_seconds: float
    max_seconds: float
    cases: tuple[Scored, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestigationReport:
    """The incidents that are written down, and those that chance made."""

    told: SetReport
    held_back: SetReport
    seed: int


async def evaluate(
    *,
    n_held_back: int,
    seed: int,
    driver: Driver | None = None,
    progress: Callable[[str], None] = lambda _text: None,
) -> InvestigationReport:
    """Investigate every incident of both sets.

    Raises:
        OSError: git is not installed, or a folder cannot be written.
    """
    chosen = driver or PlaybookDriver()
    told = await _evaluated(told_incidents(), chosen, progress)
    held = await _evaluated(held_back_incidents(n_held_back, seed), chosen, progress)
    return InvestigationReport(told=told, held_back=held, seed=seed)


async def _evaluated(
    incidents: Sequence[Incident], driver: Driver, progress: Callable[[str], None]
) -> SetReport:
    scored: list[Scored] = []
    for position, incident in enumerate(incidents):
        scored.append(await investigate(incident, driver, position))
        progress(f"{position + 1}/{len(incidents)} {incident.name}: {scored[-1].said or 'nothing'}")
    return _report(scored, incidents)


async def investigate(incident: Incident, driver: Driver, seed: int) -> Scored:
    """Simulate one incident and investigate it."""
    with TemporaryDirectory(prefix="opsbot-incident-") as name:
        folder = Path(name)
        sources = await asyncio.to_thread(write_logs, incident, folder, seed)
        clone = await asyncio.to_thread(make_repository, folder / "clone", incident.commits)
        knowledge = await _knowledge(folder)
        try:
            async with serving(incident, seed) as url:
                settings = LogSettings(sources=sources)
                server = Prometheus(PrometheusPlace(url=url)) if incident.has_metrics else None
                tools = _tools(settings, server, clone, knowledge)
                return await _investigated(incident, tools, driver)
        finally:
            await knowledge.close()


def _tools(
    settings: LogSettings, server: Prometheus | None, clone: Path, knowledge: KnowledgeBase
) -> tuple[LookTool, ...]:
    look = partial(looking, settings, zone=UTC, book=None, count_tokens=estimate_tokens)
    tools: list[LookTool] = [LogsTool(look, tuple(settings.sources))]
    if server is not None:
        tools += [MetricsTool(server, overrides={}, own={}), AlertsTool(server)]
    return (*tools, ChangesTool((clone,)), DocumentsTool(knowledge))


async def _knowledge(folder: Path) -> KnowledgeBase:
    documents = folder / "documents"
    documents.mkdir()
    for name, text in _DOCUMENTS.items():
        (documents / name).write_text(text, encoding="utf-8")
    base = KnowledgeBase(folder / "knowledge", HashEmbedder())
    await base.sync((FolderSource(documents),))
    return base


async def _investigated(incident: Incident, tools: tuple[LookTool, ...], driver: Driver) -> Scored:
    window = Window(start=incident.start, end=incident.now, baseline_s=3600.0)
    case = CaseFile((incident.asked,), incident.known, window)
    budget = Budget(Allowance())
    request = _request(incident)
    toolbox = Toolbox(tools, case, budget, Asked(request=request, zone=UTC, reader=OWNER))
    session = driver.begin(case, toolbox, request)
    is_complete = True
    try:
        async for _ in session.looks():
            pass
    except BudgetSpentError:
        is_complete = False
    conclusion = conclude(case, is_complete=is_complete)
    return _scored(incident, conclusion, budget, session.name)


def _request(incident: Incident) -> Request:
    return Request(
        request_id="simulated",
        text=f"investigate {incident.asked}",
        actor=Actor(user_id="U1", team_id="T1", name="sim"),
        thread=ThreadRef("", "simulated"),
        received_at=incident.now,
    )


def _scored(incident: Incident, conclusion: Conclusion, budget: Budget, driver: str) -> Scored:
    cause = conclusion.cause
    said = Culprit(cause.cause.cause_id, cause.service) if cause is not None else None
    is_right = said in incident.truth if said is not None else incident.is_healthy
    blamed = {said} | {Culprit(each.cause.cause_id, each.service) for each in conclusion.others}
    ruled_out = {Culprit(each.cause_id, each.service) for each in conclusion.ruled_out}
    herrings = incident.herrings
    return Scored(
        name=incident.name,
        expected=", ".join(f"{each.cause_id} at {each.service}" for each in incident.truth),
        said=f"{said.cause_id} at {said.service}" if said is not None else "",
        confidence=conclusion.confidence.value if cause is not None else "",
        is_right=is_right and not (incident.is_healthy and conclusion.symptoms),
        is_false=said is not None and not is_right,
        n_herrings=len(herrings),
        n_seen_through=sum(each not in blamed for each in herrings),
        n_said=sum(each in ruled_out for each in herrings),
        is_truth_ruled_out=any(each in ruled_out - {said} for each in incident.truth),
        n_steps=budget.n_steps,
        n_tokens=budget.n_tokens,
        seconds=round(budget.seconds, 3),
        driver=driver,
    )


def _report(scored: Sequence[Scored], incidents: Sequence[Incident]) -> SetReport:
    healthy = [one for one, each in zip(scored, incidents, strict=True) if each.is_healthy]
    return SetReport(
        n=len(scored),
        n_right=sum(each.is_right for each in scored),
        n_false=sum(each.is_false for each in scored),
        n_healthy=len(healthy),
        n_healthy_right=sum(each.is_right for each in healthy),
        n_herrings=sum(each.n_herrings for each in scored),
        n_seen_through=sum(each.n_seen_through for each in scored),
        n_said=sum(each.n_said for each in scored),
        n_truth_ruled_out=sum(each.is_truth_ruled_out for each in scored),
        median_steps=statistics.median([each.n_steps for each in scored] or [0]),
        median_seconds=round(statistics.median([each.seconds for each in scored] or [0.0]), 3),
        max_seconds=max((each.seconds for each in scored), default=0.0),
        cases=tuple(scored),
    )
