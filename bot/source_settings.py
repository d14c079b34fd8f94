"""The settings of the places documents come from: one record for each."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

SourceKind: TypeAlias = Literal["folder"]

_Name = Annotated[str, Field(pattern=r"^[^\s/][^\n]{0,99}$")]
_Days = Annotated[int, Field(ge=1, le=36_500)]
_Group = Annotated[str, Field(min_length=1, max_length=100)]


class SourceSettings(BaseModel):
    """One place documents come from; what is said here holds where a document does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name = Field(description="its identity; documents are known by it and their path")
    kind: SourceKind = Field(default="folder", description="what sort of place it is")
    location: Annotated[str, Field(min_length=1)] = Field(
        description="path or address, as the kind has it"
    )
    branch: str = Field(default="", description="of a git repository; default: its main one")
    under: str = Field(default="", description="folder inside a repository; default: all of it")
    groups: tuple[_Group, ...] = Field(
        default=(), description="access groups of people who may read it; default: everybody"
    )
    owner: str = Field(default="", description="team or person who keeps it")
    service: str = Field(default="", description="what it is about")
    url: str = Field(
        default="", description="where people open it; {path} is the path of a document"
    )
    stale_after_days: _Days | None = Field(
        default=None, description="a document counts as stale after, in days"
    )
    sync_interval_s: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="time between two re-syncs, in seconds"
    )
