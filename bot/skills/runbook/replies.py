"""What the runbook skill says: which one is meant, what is missing, what was proposed."""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.proposal import Proposal
from runbooks.schema import Parameter, Runbook

from ...messages import Choice, Choices, Part, Phase, Prose, Reply
from ...phrases import say as phrase
from .actions import CHOOSE_ACTION, FORM_ACTION
from .orders import UseRunbook, button_value
from .values import Stated

_MAX_OFFERED = 4


def ask_which(runbooks: Sequence[Runbook], asked: str, *, is_near: bool = False) -> Reply:
    """Let a person choose among runbooks that fit alike.

    Args:
        is_near: None of them fits; they only share a word with what was asked.
    """
    offered = runbooks[:_MAX_OFFERED]
    lines = [f"`{each.name}`  {each.title}" for each in offered]
    options = tuple(
        Choice(
            label=each.name,
            action=CHOOSE_ACTION,
            value=button_value(UseRunbook(name=each.name, asked=asked)),
        )
        for each in offered
    )
    several = "Several runbooks fit that. Which one do you mean?"
    summary = several if len(offered) > 1 else "Is this the runbook you mean?"
    if is_near:
        summary = "No runbook fits that. Nearest by their words:"
    text = "\n".join((summary, *lines))
    return Reply(parts=(Prose(text=text), Choices(options=options)), summary=summary)


def missing_values(runbook: Runbook, stated: Stated, asked: str) -> Reply:
    """Ask for what the request does not say; the form holds what it does say."""
    missing = stated.missing(runbook)
    lines = [_needed(parameter, stated) for parameter in missing]
    pairs = " ".join(f"{parameter.name}=..." for parameter in missing)
    names = " and ".join(f"`{parameter.name}`" for parameter in missing)
    summary = f"Runbook {runbook.title} needs {names.replace('`', '')}; nothing was proposed yet."
    text = "\n".join(
        (
            f"Runbook *{runbook.title}* needs {names}; nothing was proposed yet.",
            *lines,
            f"Fill in the form, or say `{runbook.name} {pairs}`.",
        )
    )
    order = UseRunbook(name=runbook.name, values=stated.values, asked=asked)
    form = Choice(label="Fill in…", action=FORM_ACTION, value=button_value(order))
    parts: tuple[Part, ...] = (Prose(text=text), Choices(options=(form,)))
    return Reply(parts=parts, summary=summary, facts={"runbook": runbook.name})


def proposed(runbook: Runbook, proposal: Proposal, language: str) -> Reply:
    """Say that a card follows and what it takes."""
    text = phrase("proposed", language, title=runbook.title, number=proposal.proposal_id)
    facts = {"proposal": str(proposal.proposal_id), "runbook": runbook.name}
    return Reply(parts=(Prose(text=text),), summary=text, facts=facts)


def say(text: str, phase: Phase = Phase.DONE) -> Reply:
    """One sentence."""
    return Reply(parts=(Prose(text=text),), summary=text, phase=phase)


def _needed(parameter: Parameter, stated: Stated) -> str:
    unit = f" ({parameter.unit})" if parameter.unit else ""
    why = stated.refused.get(parameter.name)
    refused = f"; what was said {why}" if why else ""
    return f"• `{parameter.name}`{unit}: {parameter.description}{refused}"
