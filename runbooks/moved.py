"""Whether settings and files still are what a proposal was made with; pure."""

from __future__ import annotations

from .bound_files import changed_file
from .planning import Site, environment_of
from .proposal import Plan
from .targets import Target


def moved(plan: Plan, site: Site) -> str | None:
    """Why a plan would reach somewhere else than it says; None when it would not.

    Raises:
        ProposalError: Its targets are of several environments by now, or a bound file is gone.
    """
    named = dict[str, Target]()
    for name, facts in plan.targets.items():
        now = site.targets.by_name.get(name)
        if now is None or now.facts != facts:
            changed = "is no longer in the settings" if now is None else f"is now {now.facts}"
            return f"target {name!r} was {facts} when it was proposed and {changed}"
        named[name] = now
    environment = environment_of(site.environment, named)
    if environment != plan.environment:
        return f"it was proposed for {plan.environment}, and would run in {environment} now"
    return changed_file(plan.files)
