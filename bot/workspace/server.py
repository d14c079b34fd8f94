"""The server: started, stopped and driven from here."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from .changes import Changes
from .core import Access, Core, build_core
from .errors import PortError
from .events import DEFAULT_SUBSCRIPTIONS
from .faults import Fault, Faults
from .guard import add_headers, guard, page_errors
from .interactions import Interactions
from .page import Page
from .people import People
from .records import Message
from .saving import Saver
from .seed import BOT_USER_ID
from .snapshot import SnapshotFile
from .state import State
from .timing import Timing
from .traffic import Traffic
from .uploads import UPLOAD_LIMIT_BYTES
from .web_api import WebApi

_HOST = "127.0.0.1"
_SHUTDOWN_S = 1.0

Found = TypeVar("Found")


class Workspace:
    """A Slack-compatible server on 127.0.0.1.

    Args:
        bot_token: xoxb token the bot must send; random when None.
        app_token: xapp token the bot must send; random when None.
        state_path: Where to keep messages and files between runs; None keeps nothing.
        timing: Windows and delays.
        subscriptions: Events the app is subscribed to, as in its manifest.
        rate_limited: Enforce Slack's rate limits.

    Raises:
        SnapshotError: The state file is damaged.
    """

    def __init__(
        self,
        *,
        bot_token: str | None = None,
        app_token: str | None = None,
        state_path: Path | None = None,
        timing: Timing | None = None,
        subscriptions: frozenset[str] = DEFAULT_SUBSCRIPTIONS,
        rate_limited: bool = True,
    ) -> None:
        self.bot_token = bot_token or f"xoxb-local-{secrets.token_hex(12)}"
        self.app_token = app_token or f"xapp-local-{secrets.token_hex(12)}"
        self.timing = timing or Timing()
        self.state = State(time.time)
        self.changes = Changes()
        self.traffic = Traffic(self.changes)
        self.faults = Faults()
        self._subscriptions = subscriptions
        self._rate_limited = rate_limited
        self._file = SnapshotFile(state_path) if state_path is not None else None
        known_token = self._file.load(self.state) if self._file is not None else None
        self._page_token = known_token or secrets.token_urlsafe(16)
        self._saver = self._new_saver()
        self._core: Core | None = None
        self._runner: web.AppRunner | None = None
        self._saving: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1.

        Args:
            port: 0 takes any free one.

        Raises:
            PortError: The port is in use or not allowed.
        """
        listener = _listener(port)
        base_url = f"http://{_HOST}:{listener.getsockname()[1]}"
        core = build_core(
            access=Access(
                bot_token=self.bot_token, app_token=self.app_token, page_token=self._page_token
            ),
            timing=self.timing,
            state=self.state,
            changes=self.changes,
            traffic=self.traffic,
            faults=self.faults,
            base_url=base_url,
            bot_user_id=BOT_USER_ID,
            subscriptions=self._subscriptions,
            rate_limited=self._rate_limited,
        )
        self._core = core
        self._runner = web.AppRunner(
            _application(core), access_log=None, shutdown_timeout=_SHUTDOWN_S
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        if self._saver is not None:
            self._saving = asyncio.create_task(self._saver.run(self.changes))

    async def stop(self) -> None:
        """End every connection, save, and free the port."""
        if self._core is None or self._runner is None:
            return
        self.changes.close()
        await self._core.sockets.stop()
        await self._runner.cleanup()
        if self._saving is not None:
            self._saving.cancel()
            with suppress(asyncio.CancelledError):
                await self._saving
        if self._saver is not None:
            await self._saver.save()
        self._core = self._runner = None

    @property
    def core(self) -> Core:
        """The parts of the running server.

        Raises:
            RuntimeError: It is not running.
        """
        if self._core is None:
            raise RuntimeError("the workspace is not running; await start() first")
        return self._core

    @property
    def base_url(self) -> str:
        """The server's address, without a slash at the end."""
        return self.core.wire.base_url

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL has to be."""
        return f"{self.base_url}/api/"

    @property
    def url(self) -> str:
        """The page's address, with its token."""
        return f"{self.base_url}/w/{self._page_token}/"

    @property
    def people(self) -> People:
        """What people do by themselves: write, upload, react."""
        return People(self.core)

    @property
    def interactions(self) -> Interactions:
        """What people do with buttons, modals and commands."""
        return Interactions(self.core)

    def inject(self, fault: Fault) -> None:
        """Let coming Web API calls fail."""
        self.faults.add(fault)

    def drop_sockets(self) -> None:
        """Cut the bot's connections without a word."""
        self.core.sockets.drop()

    async def refresh_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask the bot to reconnect, as Slack does every few hours."""
        await self.core.sockets.disconnect(reason)

    async def wait_for(
        self, predicate: Callable[[], Found | None], timeout_s: float = 10.0
    ) -> Found:
        """Wait until a predicate over this workspace returns something truthy; return that.

        Raises:
            TimeoutError: It did not in time.
        """
        return await self.changes.wait_for(predicate, timeout_s)

    async def wait_for_message(
        self, matches: Callable[[Message], bool], timeout_s: float = 10.0
    ) -> Message:
        """Wait for a message of the bot that matches, and return its newest form.

        Raises:
            TimeoutError: There was none in time.
        """

        def find() -> Message | None:
            own = (m for m in self.state.messages() if m.bot_id is not None)
            return next((m for m in own if matches(m)), None)

        return await self.wait_for(find, timeout_s)

    async def wait_for_bot(self, timeout_s: float = 10.0) -> None:
        """Wait until a bot is connected.

        Raises:
            TimeoutError: None was in time.
        """
        await self.wait_for(lambda: self.core.sockets.n_connections, timeout_s)

    def _new_saver(self) -> Saver | None:
        if self._file is None:
            return None
        return Saver(self._file, self.state, self._page_token, self.timing.save_delay_s)


@asynccontextmanager
async def running_workspace(
    *,
    timing: Timing | None = None,
    state_path: Path | None = None,
    subscriptions: frozenset[str] = DEFAULT_SUBSCRIPTIONS,
    rate_limited: bool = False,
) -> AsyncGenerator[Workspace]:
    """A workspace on a free port, stopped at the end; redelivery is quick unless told otherwise."""
    quick = Timing(redelivery_delays_s=(0.0, 0.3, 0.3))
    workspace = Workspace(
        timing=timing or quick,
        state_path=state_path,
        subscriptions=subscriptions,
        rate_limited=rate_limited,
    )
    await workspace.start()
    try:
        yield workspace
    finally:
        await workspace.stop()


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError as exc:
        listener.close()
        raise PortError(
            f"the workspace cannot listen on port {port} ({exc.strerror}); choose another port"
        ) from exc
    return listener


def _application(core: Core) -> web.Application:
    application = web.Application(
        middlewares=[guard, page_errors], client_max_size=UPLOAD_LIMIT_BYTES + 65_536
    )
    application.on_response_prepare.append(add_headers)
    page = Page(core, People(core), Interactions(core))
    application.add_routes([*WebApi(core).routes(), *page.routes()])
    return application
