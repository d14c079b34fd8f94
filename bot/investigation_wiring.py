"""Builds the investigation skill from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial

from inference.models.catalog import resolve
from inference.models.errors import ModelError
from knowledge import ANYBODY, Reader
from runbooks.catalog import Catalog
from runbooks.looks import Looks

from .messages import Request
from .settings import Settings
from .skills.generation import Generator
from .skills.incident import Suggest
from .skills.investigation.auto import AutoDriver
from .skills.investigation.budget import Allowance
from .skills.investigation.drivers import Driver, PlaybookDriver
from .skills.investigation.prometheus import Prometheus, PrometheusPlace
from .skills.investigation.skill import Field, InvestigationSkill
from .skills.investigation.tool_use import ToolUseBook
from .skills.investigation.tools.alerts import AlertsTool
from .skills.investigation.tools.base import LookTool
from .skills.investigation.tools.changes import ChangesTool
from .skills.investigation.tools.cluster import ClusterTool
from .skills.investigation.tools.documents import DocumentsTool, Searches
from .skills.investigation.tools.logs import LogsTool
from .skills.investigation.tools.metrics import MetricsTool
from .skills.investigation.tools.runbooks import RunbookTool
from .skills.logs.book import LogBook
from .skills.logs.digest import estimate_tokens
from .skills.logs.looking import looking
from .skills.logs.sources.errors import WrongSourceError
from .skills.logs.sources.kubectl import Kubectl
from .skills.logs.sources.spec import spec_of
from .tuning import model_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an investigation uses of the rest of the bot.

    Attributes:
        looks: Runs previews of runbooks; None: none are run.
        generator: The model that may lead; None: the playbook leads.
    """

    book: LogBook | None
    knowledge: Searches
    catalog: Catalog
    looks: Looks | None = None
    generator: Generator | None = None
    suggest: Suggest | None = None


def build_investigation(settings: Settings, means: Means) -> InvestigationSkill:
    """The skill with every tool that the settings name a place for."""
    wanted = settings.investigation
    field = Field(
        services=tuple(settings.logs.sources),
        tools=_tools(settings, means),
        allowance=Allowance(
            steps=wanted.max_steps, tokens=wanted.max_tokens, seconds=wanted.max_seconds
        ),
        window=timedelta(seconds=wanted.window_s),
    )
    return InvestigationSkill(
        field, suggest=means.suggest, driver=_driver(settings, means), reader_of=reader_of
    )


def reader_of(request: Request) -> Reader:
    """Who will read the answer, as the request itself knows; else only what everybody may read."""
    return request.reader or ANYBODY


def _driver(settings: Settings, means: Means) -> Driver:
    if settings.investigation.driver == "playbook" or means.generator is None:
        return PlaybookDriver()
    return AutoDriver(
        means.generator,
        name=settings.inference.remote_model or settings.model,
        book=ToolUseBook(settings.home / "tool_use.json"),
        key_of=partial(_model_key, settings),
        is_forced=settings.investigation.driver == "agent",
    )


async def _model_key(settings: Settings) -> str:
    """What tells models apart: the file's hash, or the endpoint with its model's name."""
    inference = settings.inference
    if inference.order.get("logs", "local").startswith("remote"):
        return f"{inference.remote_url} {inference.remote_model}"
    return await asyncio.to_thread(_file_key, settings)


def _file_key(settings: Settings) -> str:
    try:
        return model_hash(resolve(settings.model, settings.models_dir))
    except ModelError:
        return ""


def _tools(settings: Settings, means: Means) -> tuple[LookTool, ...]:
    logs = partial(looking, settings.logs, zone=UTC, book=means.book, count_tokens=estimate_tokens)
    tools: list[LookTool] = [LogsTool(logs, tuple(settings.logs.sources))]
    metrics = settings.metrics
    if metrics.prometheus_url:
        token = metrics.prometheus_token.get_secret_value()
        place = PrometheusPlace(
            url=metrics.prometheus_url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout_s=metrics.timeout_s,
            max_bytes=metrics.max_response_bytes,
        )
        server = Prometheus(place)
        own = metrics.service_queries
        tools += [MetricsTool(server, overrides=metrics.queries, own=own), AlertsTool(server)]
    if settings.changes.git:
        tools.append(ChangesTool(tuple(path.expanduser() for path in settings.changes.git)))
    if clusters := _clusters(settings):
        tools.append(ClusterTool(clusters))
    tools.append(DocumentsTool(means.knowledge))
    if means.looks is not None:
        tools.append(RunbookTool(means.catalog, means.looks))
    return tuple(tools)


def _clusters(settings: Settings) -> Mapping[str, Kubectl]:
    """The services whose logs come from a cluster, and where."""
    found: dict[str, Kubectl] = {}
    for service, sources in settings.logs.sources.items():
        for text in sources:
            try:
                spec = spec_of(text)
            except WrongSourceError:
                continue  # reading the logs says what is wrong with it
            if isinstance(spec, Kubectl):
                context = settings.logs.kubectl_context
                found[service] = Kubectl(
                    target=spec.target, namespace=spec.namespace, context=context
                )
    return found
