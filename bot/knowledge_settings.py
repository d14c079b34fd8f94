"""Settings: the documents that answers may cite."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from .access_settings import AccessSettings, ChannelId
from .source_settings import SourceSettings

# What people add in Slack: learned threads and uploaded files.
_PUSHED_SOURCES = ("threads", "uploads")

_PositiveInt = Annotated[int, Field(ge=1)]


class KnowledgeSettings(BaseModel):
    """Documents that answers may cite."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folders: tuple[Path, ...] = Field(
        default=(), description="folders of documents that everybody may read"
    )
    sources: tuple[SourceSettings, ...] = Field(
        default=(),
        description="other places documents come from, each a table [[knowledge.sources]] with "
        "name, kind and location, and as far as they are needed branch, under, groups, owner, "
        "service, url, stale_after_days and sync_interval_s",
    )
    sync_interval_s: _PositiveInt = Field(
        default=3600, description="time between two re-syncs, in seconds"
    )
    stale_after_days: _PositiveInt | None = Field(
        default=None,
        description="a document that does not say so itself counts as stale after, in days; "
        "default: never",
    )
    chroma_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/@?#]+/?)?$",
        description="base URL of a Chroma server that keeps the vectors; default: they are kept "
        "in the data directory",
    )
    chroma_token: SecretStr = Field(
        default=SecretStr(""), description="bearer token of that server"
    )
    access: AccessSettings = Field(
        default_factory=AccessSettings,
        description="who may read documents that name access groups; nobody who is not named",
    )
    upload_channel: ChannelId | None = Field(
        default=None,
        description="id of the channel whose uploaded files become documents; default: none",
    )

    @model_validator(mode="after")
    def _names_each_source_once(self) -> Self:
        names = Counter(source.name for source in self.sources)
        names.update(str(folder.expanduser().resolve()) for folder in set(self.folders))
        names.update(_PUSHED_SOURCES)
        twice = [name for name, n in names.items() if n > 1]
        if twice:
            raise ValueError(f"two sources have the name {twice[0]}")
        return self
