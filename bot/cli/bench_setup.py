"""What every measurement begins with: its settings, its servers or engine, its record."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from .output import WRONG_USE, error_console, fail

if TYPE_CHECKING:
    from ..benchmarks.document import Record
    from ..benchmarks.ops_load import OpsLoad
    from ..benchmarks.targets import Targets
    from ..model_plan import ModelPlan
    from ..settings import Settings

T = TypeVar("T")
Progress: TypeAlias = Callable[[str], None]


def run(measure: Callable[[Progress], Awaitable[T]]) -> T:
    """Measure with the progress on standard error; what cannot be measured ends the command."""
    from inference import InferenceError
    from inference.models.errors import ModelError

    from ..benchmarks.errors import BenchmarkError
    from ..log_setup import set_up_logging

    set_up_logging("ERROR")

    async def run() -> T:
        return await measure(progress)

    with error_console.status("starting") as status:

        def progress(text: str) -> None:
            status.update(text)

        try:
            return asyncio.run(run())
        except (BenchmarkError, InferenceError, ModelError) as exc:
            fail(str(exc))


def targets_of(
    settings: Settings, url: str | None, against: str | None, against_token: str
) -> Targets:
    """The servers of the options; a URL that is none ends the command."""
    from ..benchmarks.errors import BenchmarkError
    from ..benchmarks.targets import Targets, base_url

    try:
        return Targets(
            url=base_url(url) if url is not None else None,
            token=settings.serve.token.get_secret_value(),
            against=base_url(against) if against is not None else None,
            against_token=against_token,
        )
    except BenchmarkError as exc:
        fail(str(exc), WRONG_USE)


def new_load(**fields: int) -> OpsLoad:
    """A load whose prompts no server has seen yet; see `OpsLoad` for the fields."""
    from ..benchmarks.ops_load import OpsLoad

    return OpsLoad(**fields, nonce=f"{secrets.token_hex(4)}-")


def serving_record(
    benchmark: str, settings: Settings, targets: Targets, chosen: Mapping[str, object]
) -> Record:
    """A running server does not tell its file and settings, so neither does the document."""
    plan = plan_of(settings) if targets.url is None else None
    where = {"url": targets.url, "against": targets.against}
    return record_of(benchmark, settings, plan, {**where, **engine_choices(settings), **chosen})


def engine_choices(settings: Settings) -> dict[str, object]:
    """The settings that change the speed of a whole engine."""
    return settings.inference.model_dump(
        include={
            "adapt_threads",
            "draft_model",
            "max_idle_cells",
            "offload_mb",
            "speculate",
            "state_cache_mb",
        }
    )


def plan_of(
    settings: Settings, *, n_threads: int | None = None, repack: bool | None = None
) -> ModelPlan:
    """How the engine is opened here; a model that is not there ends the command."""
    from inference.models.errors import ModelError

    from ..model_plan import plan_model

    try:
        return plan_model(settings, n_threads=n_threads, repack=repack)
    except ModelError as exc:
        fail(str(exc))


def record_of(
    benchmark: str, settings: Settings, plan: ModelPlan | None, chosen: Mapping[str, object]
) -> Record:
    """Begin a record of a measurement; without a plan it is of a server somebody else runs."""
    from inference.backends.llama_native import library_build

    from ..benchmarks.document import Record, model_subject
    from ..benchmarks.errors import BenchmarkError

    try:
        return Record(
            benchmark,
            model=model_subject(settings.model, plan.path) if plan is not None else None,
            settings={**chosen, "engine": plan.described() if plan is not None else None},
            library=library_build(),
        )
    except BenchmarkError as exc:
        fail(str(exc))
