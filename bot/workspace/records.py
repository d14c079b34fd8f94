"""What a workspace consists of: people, channels, messages, files, views."""

from __future__ import annotations

from dataclasses import dataclass, field

from .json_values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account.

    Attributes:
        role: What the page says of the person, for example "on-call"; Slack knows no such thing.
        timezone: IANA name.
    """

    user_id: str
    team_id: str
    handle: str
    name: str
    title: str
    role: str
    timezone: str
    colour: str
    is_bot: bool = False
    is_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation.

    Attributes:
        im_user_id: For a direct message with the bot, the person; otherwise None.
    """

    channel_id: str
    name: str
    topic: str = ""
    purpose: str = ""
    member_ids: tuple[str, ...] = ()
    im_user_id: str | None = None
    is_archived: bool = False
    is_ext_shared: bool = False
    prompts: tuple[str, ...] = ()

    @property
    def is_im(self) -> bool:
        """Whether this is a direct message."""
        return self.im_user_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    """A named group of people, mentioned as `@handle`."""

    group_id: str
    handle: str
    name: str
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The streaming state of a message.

    Attributes:
        started_at: Seconds since the epoch.
        text: All Markdown appended so far.
        tasks: Task cards by id, in order of appearance.
    """

    started_at: float
    text: str = ""
    tasks: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it stands; an edit makes a new record with the same `ts`.

    Attributes:
        thread_ts: The `ts` of the thread's first message; None outside threads. A first message
            has none either: what has replies is known from the replies.
        ephemeral_to: The only person who sees it; None for everybody.
        unfurl_links: As the call that posted it said; None when it said nothing.
        reactions: Emoji name -> who reacted, in order.
    """

    channel_id: str
    ts: str
    user_id: str
    text: str = ""
    blocks: tuple[JsonObject, ...] = ()
    attachments: tuple[JsonObject, ...] = ()
    metadata: JsonObject | None = None
    thread_ts: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    file_ids: tuple[str, ...] = ()
    reactions: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    edited_ts: str | None = None
    ephemeral_to: str | None = None
    client_msg_id: str | None = None
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    stream: Stream | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """An uploaded file; its bytes are kept beside it.

    Attributes:
        created: Whole seconds since the epoch.
        is_shared: Posted to a channel; an upload that was never completed is not.
        alt_text: What a picture shows, for those who cannot see it.
    """

    file_id: str
    name: str
    title: str
    mimetype: str
    user_id: str
    created: int
    size_bytes: int
    is_shared: bool = False
    alt_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An open modal or a published home tab.

    Attributes:
        spec: The view as the bot sent it, with block ids filled in.
    """

    view_id: str
    user_id: str
    spec: JsonObject
    revision: str
    root_view_id: str
    previous_view_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The line "opsbot is ..." under a thread.

    Attributes:
        expires_at: Seconds since the epoch.
    """

    channel_id: str
    thread_ts: str
    text: str
    expires_at: float
    loading_messages: tuple[str, ...] = ()
