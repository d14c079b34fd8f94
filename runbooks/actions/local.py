"""Every action goes to the runner of its kind."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping

from ..targets import Targets
from .ansible import AnsibleRunner
from .base import ActionContext, ActionEvent, ActionRunner
from .clients import ClientRunner
from .command import CommandRunner
from .http import HttpRunner
from .kinds import (
    Action,
    AnsibleAction,
    CommandAction,
    DockerAction,
    HttpAction,
    KubernetesAction,
    SqlAction,
    SshAction,
)
from .pump import failed
from .sql import SqlRunner
from .ssh import SshRunner


class LocalRunner:
    """Runs every kind of action that it has a runner for.

    Args:
        others: Runners of further kinds, or instead of the usual ones.
        targets: Where actions may go.
    """

    def __init__(
        self,
        others: Mapping[type, ActionRunner] | None = None,
        targets: Targets | None = None,
    ) -> None:
        targets = targets or Targets()
        clients = ClientRunner(targets)
        usual: dict[type, ActionRunner] = {
            CommandAction: CommandRunner(),
            SshAction: SshRunner(targets),
            KubernetesAction: clients,
            DockerAction: clients,
            AnsibleAction: AnsibleRunner(targets),
            HttpAction: HttpRunner(targets),
            SqlAction: SqlRunner(targets),
        }
        self._runners = {**usual, **(others or {})}

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; a kind without a runner fails."""
        runner = self._runners.get(type(action))
        if runner is None:
            yield failed(f"this installation cannot run a {type(action).__name__}")
            return
        async with contextlib.aclosing(runner.run(action, context)) as events:
            async for event in events:
                yield event
