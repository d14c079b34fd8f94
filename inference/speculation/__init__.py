"""Guessing tokens ahead, so that one step may verify several: faster answers, never other ones.

`Speculation` makes a drafter for each request; a drafter asks the grammar, then the text so far,
then a smaller model, and proposes only what is expected to pay on this machine.
"""

from __future__ import annotations

from .draft_model import DraftModel
from .drafter import Drafter
from .options import SpeculationOptions
from .speculation import Speculation
from .verify import verified

__all__ = ["DraftModel", "Drafter", "Speculation", "SpeculationOptions", "verified"]
