"""How records look on Slack's wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from .json_values import JsonObject
from .records import Channel, Message, StoredFile, User, UserGroup
from .seed import APP_ID, BOT_ID, TEAM_ID
from .state import State

_CREATED = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Wire:
    """Turns records into payloads.

    Attributes:
        base_url: Where the server listens, without a slash at the end.
    """

    state: State
    base_url: str

    def user(self, user: User) -> JsonObject:
        """A user as `users.info` answers it."""
        zone = ZoneInfo(user.timezone)
        local = datetime.fromtimestamp(self.state.now(), zone)
        offset = local.utcoffset()
        return {
            "id": user.user_id,
            "team_id": user.team_id,
            "name": user.handle,
            "real_name": user.name,
            "deleted": user.deleted,
            "tz": user.timezone,
            "tz_label": local.tzname() or user.timezone,
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "is_bot": user.is_bot,
            "is_app_user": False,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": user.is_restricted,
            "is_ultra_restricted": False,
            "is_stranger": user.is_stranger,
            "updated": _CREATED,
            "profile": {
                "title": user.title,
                "real_name": user.name,
                "display_name": user.handle,
                "email": f"{user.handle}@acme.example",
                "team": user.team_id,
                **({"bot_id": BOT_ID, "api_app_id": APP_ID} if user.is_bot else {}),
            },
        }

    def channel(self, channel: Channel, bot_user_id: str) -> JsonObject:
        """A channel as `conversations.info` answers it."""
        common: JsonObject = {
            "id": channel.channel_id,
            "created": _CREATED,
            "is_im": channel.is_im,
            "is_archived": channel.is_archived,
            "is_ext_shared": channel.is_ext_shared,
            "is_shared": channel.is_ext_shared,
            "is_org_shared": False,
            "context_team_id": TEAM_ID,
        }
        if channel.is_im:
            return {**common, "user": channel.im_user_id, "is_open": True}
        return {
            **common,
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": True,
            "is_group": False,
            "is_mpim": False,
            "is_private": False,
            "is_general": channel.name == "general",
            "is_member": bot_user_id in channel.member_ids,
            "num_members": len(channel.member_ids),
            "topic": {"value": channel.topic, "creator": "", "last_set": _CREATED},
            "purpose": {"value": channel.purpose, "creator": "", "last_set": _CREATED},
        }

    def group(self, group: UserGroup) -> JsonObject:
        """A user group as `usergroups.list` answers it."""
        return {
            "id": group.group_id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "name": group.name,
            "handle": group.handle,
            "date_delete": 0,
            "users": list(group.user_ids),
            "user_count": len(group.user_ids),
        }

    def file(self, file: StoredFile) -> JsonObject:
        """A file as messages carry it; its URLs want the bot token."""
        url = f"{self.base_url}/files-pri/{file.file_id}/{quote(file.name)}"
        return {
            "id": file.file_id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "mimetype": file.mimetype,
            "filetype": file.name.rsplit(".", 1)[-1].lower() if "." in file.name else "text",
            "user": file.user_id,
            "user_team": TEAM_ID,
            "size": file.size_bytes,
            "mode": "hosted",
            "is_external": False,
            "is_public": True,
            **({"alt_txt": file.alt_text} if file.alt_text else {}),
            "url_private": url,
            "url_private_download": url,
        }

    def files(self, file_ids: tuple[str, ...]) -> list[JsonObject]:
        """The files that still exist."""
        found = (self.state.files.get(file_id) for file_id in file_ids)
        return [self.file(file) for file in found if file is not None]

    def message(self, message: Message) -> JsonObject:
        """A message as history, events and interactions carry it, without its channel."""
        author = self.state.users.get(message.user_id)
        body: JsonObject = {
            "type": "message",
            "user": message.user_id,
            "ts": message.ts,
            "text": message.text,
            "team": author.team_id if author else TEAM_ID,
        }
        body.update(_optional(message))
        if message.blocks:
            body["blocks"] = list(message.blocks)
        if message.file_ids:
            body["files"] = self.files(message.file_ids)
        if message.reactions:
            body["reactions"] = [
                {"name": name, "users": list(users), "count": len(users)}
                for name, users in message.reactions.items()
            ]
        body.update(self._thread(message))
        return body

    def _thread(self, message: Message) -> JsonObject:
        if message.thread_ts is not None:
            return {"thread_ts": message.thread_ts}
        replies = self.state.replies(message.channel_id, message.ts)
        if not replies:
            return {}
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": list(dict.fromkeys(reply.user_id for reply in replies)),
            "latest_reply": replies[-1].ts,
        }


def _optional(message: Message) -> JsonObject:
    body: JsonObject = {}
    if message.bot_id is not None:
        body.update(bot_id=message.bot_id, app_id=APP_ID)
    if message.subtype is not None:
        body["subtype"] = message.subtype
    if message.client_msg_id is not None:
        body["client_msg_id"] = message.client_msg_id
    if message.edited_ts is not None:
        body["edited"] = {"user": message.user_id, "ts": message.edited_ts}
    if message.attachments:
        body["attachments"] = list(message.attachments)
    if message.metadata is not None:
        body["metadata"] = message.metadata
    if message.ephemeral_to is not None:
        body["is_ephemeral"] = True
    return body
