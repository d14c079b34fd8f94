"""The workspace a newcomer finds: a team, its people, channels and an on-call group."""

from __future__ import annotations

from .records import Channel, User, UserGroup

TEAM_ID = "T0ACME00001"
TEAM_NAME = "Acme"
TEAM_DOMAIN = "acme"
PARTNER_TEAM_ID = "T0PARTNER01"
APP_ID = "A0OPSBOT001"
BOT_ID = "B0OPSBOT001"
BOT_USER_ID = "U0OPSBOT001"

MAYA = "U0MAYACHEN1"
JONAS = "U0JONASWEB1"
PRIYA = "U0PRIYANAI1"
GUEST = "U0GUESTROB1"
PARTNER = "W0PARTNERK1"
APPROVERS = (JONAS, PRIYA)

INCIDENTS = "C0INCIDENTS"
CHECKOUT = "C0CHECKOUT1"
GENERAL = "C0GENERAL01"
DB_ONCALL = "S0DBONCALL1"

PROMPTS = (
    "@opsbot why is checkout failing?",
    "@opsbot what does our runbook say about pool exhaustion?",
    "@opsbot promql for checkout 5xx rate",
    "@opsbot post a log digest of checkout here every weekday at 9",
)

# Message shortcuts, as in the app's manifest.
SHORTCUTS = (
    {"callback_id": "analyse_message", "name": "Analyse this"},
    {"callback_id": "add_to_incident", "name": "Add to incident"},
)

USERS = (
    User(
        user_id=MAYA,
        team_id=TEAM_ID,
        handle="maya",
        name="Maya Chen",
        title="Site reliability engineer",
        role="on-call",
        timezone="America/Los_Angeles",
        colour="#0f7b6c",
    ),
    User(
        user_id=JONAS,
        team_id=TEAM_ID,
        handle="jonas",
        name="Jonas Weber",
        title="SRE lead",
        role="approver",
        timezone="Europe/Berlin",
        colour="#a8541c",
    ),
    User(
        user_id=PRIYA,
        team_id=TEAM_ID,
        handle="priya",
        name="Priya Nair",
        title="Database engineer",
        role="approver",
        timezone="Asia/Kolkata",
        colour="#7a3e9d",
    ),
    User(
        user_id=GUEST,
        team_id=TEAM_ID,
        handle="rob",
        name="Rob Ellis",
        title="Contractor",
        role="guest",
        timezone="Europe/London",
        colour="#5b6573",
        is_restricted=True,
    ),
    User(
        user_id=PARTNER,
        team_id=PARTNER_TEAM_ID,
        handle="kenji",
        name="Kenji Sato",
        title="Payments partner",
        role="external",
        timezone="Asia/Tokyo",
        colour="#8a6d1a",
        is_stranger=True,
    ),
    User(
        user_id=BOT_USER_ID,
        team_id=TEAM_ID,
        handle="opsbot",
        name="opsbot",
        title="Ops assistant",
        role="app",
        timezone="UTC",
        colour="#1f6f8b",
        is_bot=True,
    ),
)

_EVERYBODY = (MAYA, JONAS, PRIYA, GUEST, PARTNER, BOT_USER_ID)

CHANNELS = (
    Channel(
        channel_id=INCIDENTS,
        name="incidents",
        topic="Sev 2 · checkout errors since this morning · lead: Maya",
        purpose="One thread for each incident. Changes go through opsbot and an approver.",
        member_ids=_EVERYBODY,
        prompts=PROMPTS,
    ),
    Channel(
        channel_id=CHECKOUT,
        name="checkout",
        topic="The checkout service · owners: @maya, @priya · runbooks in the knowledge folder",
        purpose="Work on the checkout service, its pool and its database.",
        member_ids=_EVERYBODY,
        prompts=PROMPTS,
    ),
    Channel(
        channel_id=GENERAL,
        name="general",
        topic="Announcements for everybody at Acme",
        purpose="Company-wide.",
        member_ids=_EVERYBODY,
        prompts=PROMPTS,
    ),
)

USER_GROUPS = (
    UserGroup(
        group_id=DB_ONCALL, handle="db-oncall", name="Database on-call", user_ids=(JONAS, PRIYA)
    ),
)


def direct_channel_id(user_id: str) -> str:
    """The id of a person's direct message with the bot, derived from the person's id."""
    return f"D{user_id[1:]}"


def direct_channels() -> tuple[Channel, ...]:
    """One direct message with the bot for each person."""
    return tuple(
        Channel(
            channel_id=direct_channel_id(user.user_id),
            name="opsbot",
            member_ids=(user.user_id, BOT_USER_ID),
            im_user_id=user.user_id,
            prompts=tuple(prompt.removeprefix("@opsbot ") for prompt in PROMPTS),
        )
        for user in USERS
        if not user.is_bot
    )
