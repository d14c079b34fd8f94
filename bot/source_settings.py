"""The settings of the places documents come from: one record for each."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

SourceKind: TypeAlias = Literal[
    "folder", "git", "confluence", "notion", "openapi", "runbooks", "log-templates"
]

_WITHOUT_LOCATION: frozenset[SourceKind] = frozenset({"runbooks", "log-templates"})

_Name = Annotated[str, Field(pattern=r"^[^\s/][^\n]{0,99}$")]
_Days = Annotated[int, Field(ge=1, le=36_500)]
_Group = Annotated[str, Field(min_length=1, max_length=100)]


class SourceSettings(BaseModel):
    """One place documents come from; what is said here holds where a document does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name = Field(description="its identity; documents are known by it and their path")
    kind: SourceKind = Field(default="folder", description="what sort of place it is")
    location: str = Field(
        default="",
        description="a folder, an export's file or folder, or the address of a repository; "
        "runbooks and log-templates are this program's own and have none",
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

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        is_own = self.kind in _WITHOUT_LOCATION
        if is_own and self.location:
            raise ValueError(f"source {self.name}: kind {self.kind} has no location")
        if not is_own and not self.location.strip():
            raise ValueError(f"source {self.name}: kind {self.kind} needs a location")
        if self.kind != "git" and (self.branch or self.under):
            raise ValueError(f"source {self.name}: branch and under are for kind git only")
        return self
