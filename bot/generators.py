"""Who writes the answers of which skill: the local model, a remote endpoint, or both in turn."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from inference import Generator
from inference.remote import EndpointOptions, Failover, RemoteEndpoint

from .settings import GeneratorOrder, InferenceSettings, Settings, Skill

_LOCAL, _REMOTE = "local", "remote"


class Generators:
    """A generator for each skill.

    Args:
        order: Skill -> who answers; a skill that is not named is answered here.
        places: What "local" and "remote" are.
    """

    def __init__(
        self, order: Mapping[Skill, GeneratorOrder], places: Mapping[str, Generator]
    ) -> None:
        # One for each order, so that skills share what is known of a broken endpoint.
        self._by_order = {names: _in_order(names, places) for names in {*order.values(), _LOCAL}}
        self._order = order

    def of(self, skill: Skill) -> Generator:
        """Who answers a skill's requests."""
        return self._by_order[self._order.get(skill, _LOCAL)]


@asynccontextmanager
async def open_generators(settings: Settings, local: Generator) -> AsyncGenerator[Generators]:
    """The generators that settings name; the local one stays its owner's."""
    inference = settings.inference
    if not any(_REMOTE in order for order in inference.order.values()):
        yield Generators({}, {_LOCAL: local})
        return
    remote = RemoteEndpoint(_options(inference))
    try:
        yield Generators(inference.order, {_LOCAL: local, _REMOTE: remote})
    finally:
        await remote.close()


def _in_order(names: str, places: Mapping[str, Generator]) -> Generator:
    chosen = [(name, places[name]) for name in names.split(",")]
    return chosen[0][1] if len(chosen) == 1 else Failover(chosen)


def _options(inference: InferenceSettings) -> EndpointOptions:
    return EndpointOptions(
        url=inference.remote_url,
        model=inference.remote_model,
        token=inference.remote_token.get_secret_value(),
        grammar_field=inference.remote_grammar_field or None,
        # Skills check every sentence themselves; a large model keeps to the form without it.
        may_omit_grammar=True,
    )
