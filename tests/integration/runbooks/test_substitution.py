"""No shell takes part, so nothing that a shell would put in a program's place is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.actions.kinds import CommandAction
from runbooks.commands.classify import classify
from runbooks.commands.spec import CommandClass
from runbooks.lifecycle import ProposalState

from .conftest import World, step


@pytest.mark.parametrize(
    "definition", ["alias echo={evil}", "echo() {{ {evil}; }}; export -f echo"]
)
@pytest.mark.parametrize("variable", ["BASH_ENV", "ENV", "ZDOTDIR"])
async def test_an_alias_or_a_function_of_a_shell_replaces_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, definition: str, variable: str
) -> None:
    mark, startup = tmp_path / "mark", tmp_path / ".zshenv"
    text = definition.format(evil=f"touch {mark}")
    startup.write_text(f"shopt -s expand_aliases\n{text}\n", encoding="utf-8")
    monkeypatch.setenv(variable, str(tmp_path if variable == "ZDOTDIR" else startup))
    monkeypatch.setenv("BASH_FUNC_echo%%", f"() {{ touch {mark}; }}")
    proposal = await world.propose(step("a", CommandAction(argv=("echo", "hello"))))
    await world.approve(proposal, "bob")
    assert (await world.finish(proposal)).state is ProposalState.SUCCEEDED
    (done,) = (await world.approvals.get(proposal.proposal_id)).steps
    assert done.output.strip() == "hello"
    assert not mark.exists()


@pytest.mark.parametrize("line", ["alias ls='rm -rf /srv'", "unalias ls", "hash -p /tmp/x ls"])
def test_a_line_that_defines_a_substitution_is_forbidden(line: str) -> None:
    assert classify(line).command_class is CommandClass.FORBIDDEN
