"""What checking a piece of code found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of one validator.

    Attributes:
        problem: Why the code is not valid, in the tool's words; empty when it is.
        doubts: Valid, but worth another try: what a linter or the documents say against it.
        checked: What was checked and held, one short phrase each.
        unchecked: What nobody checked, one short phrase each.
        tool: What checked it, for "fixed after <tool>".
    """

    tool: str
    problem: str = ""
    doubts: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether the code is what it claims to be, doubts aside."""
        return not self.problem

    @property
    def complaint(self) -> str:
        """Everything to put right in one text; empty when there is nothing."""
        return "; ".join(filter(None, (self.problem, *self.doubts)))

    @property
    def rank(self) -> tuple[bool, int]:
        """Smaller is better: valid first, then fewer doubts."""
        return not self.is_valid, len(self.doubts)

    def lines(self) -> tuple[str, ...]:
        """What to show under the code, one sentence each."""
        wrong = (f"not valid: {self.problem}",) if self.problem else ()
        doubts = tuple(f"doubtful: {doubt}" for doubt in self.doubts)
        open_points = tuple(f"not checked: {point}" for point in self.unchecked)
        return (*wrong, *self.checked, *doubts, *open_points)
