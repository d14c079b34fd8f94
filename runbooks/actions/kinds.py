"""What a step can do, as data: one frozen record for each kind of action.

Every kind has `timeout_s`, its longest wall time in seconds. A `target` is the name of an entry of
the settings, which holds address and credentials; records hold neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias, cast

from pydantic import Discriminator, Tag

ParameterValue: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAction:
    """Run one program without a shell. `argv[0]` is resolved to an absolute path at proposal time."""

    argv: tuple[str, ...]
    timeout_s: float = 60.0
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAction:
    """Run one program on another machine.

    Attributes:
        argv: Each argument is quoted for the other side's shell, so that it stays one argument.
    """

    target: str
    argv: tuple[str, ...]
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesAction:
    """Run kubectl.

    Attributes:
        argv: What follows `kubectl`.
        target: Names the cluster; empty for kubectl's own current context.
    """

    argv: tuple[str, ...]
    target: str = ""
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerAction:
    """Run docker.

    Attributes:
        argv: What follows `docker`.
        target: Names the daemon; empty for this machine's.
    """

    argv: tuple[str, ...]
    target: str = ""
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsibleAction:
    """Run one Ansible module, or a playbook, on the hosts of an inventory.

    Attributes:
        target: Names the inventory; empty for this machine alone.
        module: For example "ansible.builtin.service"; empty with a playbook.
        arguments: Of the module, or extra variables of the playbook.
        playbook: Path of a playbook file; empty with a module.
        limit: Which hosts of the inventory; empty for all of them.
        check: Ansible's check mode: it says what would change and changes nothing.
    """

    target: str = ""
    module: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    playbook: str = ""
    limit: str = ""
    check: bool = False
    timeout_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAction:
    """Ask one URL and compare the status.

    Attributes:
        target: Names the service whose address and credentials apply; the URL then is a path.
    """

    url: str
    method: str = "GET"
    expect_status: int = 200
    timeout_s: float = 10.0
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlAction:
    """Run one SQL statement.

    Attributes:
        statement: With `:name` for bound values, never with values in its text.
        values: By name; they are bound by the driver.
        writes: Without it the statement runs in a read-only transaction.
        max_rows: Further rows are counted, not shown.
    """

    target: str
    statement: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    writes: bool = False
    max_rows: int = 100
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitAction:
    """Let time pass."""

    seconds: float

    @property
    def timeout_s(self) -> float:
        """As long as it waits."""
        return self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualAction:
    """A person does something and confirms it."""

    instructions: str
    timeout_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainAction:
    """The model words what an earlier step showed; nothing depends on its words.

    Attributes:
        of: Id of the earlier step.
    """

    of: str
    question: str
    timeout_s: float = 120.0


def _kind(value: object) -> str:
    """Name the kind of a record, or of its canonical form."""
    if isinstance(value, Mapping):
        return str(cast("Mapping[str, object]", value).get("is", ""))
    return type(value).__name__


Action: TypeAlias = Annotated[
    Annotated[CommandAction, Tag("CommandAction")]
    | Annotated[SshAction, Tag("SshAction")]
    | Annotated[KubernetesAction, Tag("KubernetesAction")]
    | Annotated[DockerAction, Tag("DockerAction")]
    | Annotated[AnsibleAction, Tag("AnsibleAction")]
    | Annotated[HttpAction, Tag("HttpAction")]
    | Annotated[SqlAction, Tag("SqlAction")]
    | Annotated[WaitAction, Tag("WaitAction")]
    | Annotated[ManualAction, Tag("ManualAction")]
    | Annotated[ExplainAction, Tag("ExplainAction")],
    Discriminator(_kind),
]
