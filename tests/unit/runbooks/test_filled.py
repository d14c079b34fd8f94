"""A value must not turn a look into a change, wherever the look stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.actions.kinds import Action, CommandAction, SshAction
from runbooks.binding import bind
from runbooks.errors import ProposalError
from runbooks.filled import check_filled
from runbooks.schema import Parameter, ParameterType, Risk, Runbook, Step, Verify

DO = CommandAction(argv=("touch", "/tmp/it"))
LOOK = ("awk", "{{ program }}", "/etc/hostname")
SHELL = 'BEGIN{system("id")}'


def runbook(step: Step) -> Runbook:
    program = Parameter(name="program", type=ParameterType.STRING, description="what to look for")
    return Runbook(
        name="look",
        title="Look",
        version=1,
        summary="Looks.",
        parameters=(program,),
        steps=(step,),
        source=Path("look.yaml"),
        digest="1" * 64,
    )


def step(place: str, look: Action) -> Step:
    around = {
        "preview": Step(step_id="a", title="A", risk=Risk.LOW, action=DO, preview=look),
        "verify": Step(
            step_id="a", title="A", risk=Risk.LOW, action=DO, verify=Verify(action=look)
        ),
        "read-only step": Step(step_id="a", title="A", risk=Risk.READ_ONLY, action=look),
    }
    return around[place]


@pytest.mark.parametrize("look", [CommandAction(argv=LOOK), SshAction(target="web", argv=LOOK)])
@pytest.mark.parametrize("place", ["preview", "verify", "read-only step"])
def test_a_value_that_makes_a_look_do_more_is_refused(place: str, look: Action) -> None:
    book = runbook(step(place, look))
    check_filled(book, bind(book, {"program": "/web/"}, {}))
    with pytest.raises(ProposalError, match="with these values"):
        check_filled(book, bind(book, {"program": SHELL}, {}))


def test_a_change_that_people_approve_may_do_what_its_values_say() -> None:
    book = runbook(Step(step_id="a", title="A", risk=Risk.LOW, action=CommandAction(argv=LOOK)))
    check_filled(book, bind(book, {"program": SHELL}, {}))
