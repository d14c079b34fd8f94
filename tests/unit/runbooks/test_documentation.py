from __future__ import annotations

import re
from pathlib import Path

from runbooks.loader import parse

PAGE = Path(__file__).parents[3] / "docs" / "runbooks.md"


def test_the_documented_example_is_a_runbook() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    runbook = parse(example.group(1).encode(), PAGE)
    assert (runbook.name, len(runbook.steps)) == ("queue-backlog", 3)
