"""Settings: who may read documents that name access groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# NOTE: no colon, so that no setting can name the group of one channel alone; see `access`.
AccessGroup = Annotated[str, Field(pattern=r"^[\w.-]{1,60}$")]
UserId = Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]+$")]
ChannelId = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")]


class AccessSettings(BaseModel):
    """Who may read documents that name access groups."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: Mapping[AccessGroup, tuple[UserId, ...]] = Field(
        default_factory=dict[str, tuple[str, ...]],
        description="access group -> who is in it: Slack user ids (U...) and user group ids (S...)",
    )
    channels: Mapping[AccessGroup, tuple[ChannelId, ...]] = Field(
        default_factory=dict[str, tuple[str, ...]],
        description="access group -> channels (C...) into which its documents may be answered",
    )
