"""The connection to Slack, or to anything that speaks like it: Bolt over Socket Mode."""
# Bolt's classes are partially untyped.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from runbooks.case import Case
from runbooks.standing import Standing

from ..messages import Reply
from ..settings import SLACK_API_URL, SlackSettings, forget_proxies, is_loopback
from ..store.digests import Digest
from .blocks import fallback_text, reply_blocks
from .cards import reminder_blocks
from .listeners import register
from .mrkdwn import escape
from .people import People
from .posting import EditPacer
from .surface import Surface
from .web import SlackCallError, SlackWeb, make_client

# Between two pings; a connection that was cut is noticed after about four of them.
_PING_S = 2


class SlackSettingsError(Exception):
    """The Slack settings cannot be used; the message says what to set."""


def check_slack_settings(slack: SlackSettings) -> None:
    """Refuse settings that cannot work, or that would send a token in clear.

    Raises:
        SlackSettingsError: What is missing or unsafe, and what to do.
    """
    bot_token, app_token = slack.bot_token.get_secret_value(), slack.app_token.get_secret_value()
    if not bot_token.startswith("xoxb-"):
        raise SlackSettingsError("set SLACK_BOT_TOKEN to the app's bot token (xoxb-...)")
    if not app_token.startswith("xapp-"):
        raise SlackSettingsError("set SLACK_APP_TOKEN to an app-level token (xapp-...)")
    if slack.api_url.startswith("https://"):
        return
    if not is_loopback(slack.api_url):
        raise SlackSettingsError(
            f"SLACK_API_URL {slack.api_url} is neither https nor on this machine: "
            "the token would be sent in clear"
        )


class SlackConnection:
    """Client, people and pacing of one workspace; listeners are attached once it is known."""

    def __init__(self, slack: SlackSettings) -> None:
        """Prepare a client.

        Raises:
            SlackSettingsError: The settings cannot be used.
        """
        check_slack_settings(slack)
        if slack.api_url != SLACK_API_URL and is_loopback(slack.api_url):
            forget_proxies()
        self._settings = slack
        self.web = SlackWeb(make_client(slack.bot_token.get_secret_value(), slack.api_url))
        self.pacer = EditPacer(slack.edit_interval_s)
        self.team_id = ""
        self.bot_user_id = ""
        self._handler: AsyncSocketModeHandler | None = None
        self._log = structlog.get_logger()

    async def identify(self) -> People:
        """Ask Slack who the bot is.

        Raises:
            SlackCallError: The token is wrong, or Slack cannot be reached.
        """
        self.team_id, self.bot_user_id = await self.web.auth_test()
        return People(self.web, self.team_id)

    async def listen(self, surface: Surface) -> None:
        """Attach the listeners and open the socket; returns once it is open."""
        app = AsyncApp(client=self.web.client)
        register(
            app,
            surface,
            bot_user_id=self.bot_user_id,
            thread_follow_ups=self._settings.thread_follow_ups,
        )
        self._handler = AsyncSocketModeHandler(
            app, self._settings.app_token.get_secret_value(), ping_interval=_PING_S
        )
        await self._handler.connect_async()
        self._log.info("slack_connected", team_id=self.team_id)

    async def post_digest(self, digest: Digest, reply: Reply) -> None:
        """Post a finished digest into its channel.

        Raises:
            SlackCallError: It could not be posted.
        """
        blocks = reply_blocks(reply, f"digest-{digest.digest_id}")
        await self.web.post(digest.channel_id, "", fallback_text(reply), blocks)

    async def remind(self, case: Case, standing: Standing) -> None:
        """Say in a proposal's thread that it still waits; without Slack nobody is reminded."""
        plan = case.proposal.plan
        blocks = reminder_blocks(case, standing)
        title = escape(f"Proposal #{case.proposal.proposal_id} still waits: {standing.needs}")
        try:
            await self.web.post(plan.where.channel_id, plan.where.thread_ts, title, blocks)
        except SlackCallError as exc:
            self._log.warning("reminder_not_posted", error=exc.error)

    async def close(self) -> None:
        """Close the socket; nothing more arrives."""
        if self._handler is not None:
            handler, self._handler = self._handler, None
            await asyncio.wait_for(handler.close_async(), timeout=5)
